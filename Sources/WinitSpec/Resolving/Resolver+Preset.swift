// The preset of a spec: its prefix, its options and its warnings.

import WinitCore
import WinitJSON

extension Resolver {
  /// Finds the prefix under which the names of the model are those that the preset knows.
  mutating func findScope(_ subjects: [Subject]) {
    guard let preset = spec.preset, !preset.identify.isEmpty else { return }
    let names = subjects.map(\.name.string)
    var found: [String] = []
    for glob in preset.identify {
      found = PresetScope.prefixes(names, glob)
      if !found.isEmpty { break }
    }
    if let setting = preset.setting(PresetUse.prefixOption) {
      setScope(setting, names, others: found)
    } else if found.count > 1 {
      report(.ambiguousPrefix, nil, ambiguity(found, names, preset))
    } else {
      scope = PresetScope(prefix: found.first ?? "", source: .names, isIdentified: !found.isEmpty)
    }
  }

  /// Takes the prefix that the user gives.
  private mutating func setScope(_ setting: PresetUse.Setting, _ names: [String], others: [String]) {
    var prefix = setting.text == "none" ? "" : setting.text
    if let last = prefix.last, last != ".", last != "/" { prefix += "." }
    guard prefix.isEmpty || names.contains(where: { $0.utf8.starts(with: prefix.utf8) }) else {
      diagnostics.append(
        diagnostic(
          SpecProblem(
            .invalidOption, "no tensor's name begins with the prefix \(quoted: prefix). Give another prefix, or none"),
          setting.line, file: setting.place))
      return
    }
    let excluded = others.filter { !prefix.utf8.starts(with: $0.utf8) }
    scope = PresetScope(prefix: prefix, excluded: excluded, source: .option)
  }

  private func ambiguity(_ found: [String], _ names: [String], _ preset: PresetUse) -> String {
    let texts = found.prefix(4).map { prefix in
      guard !prefix.isEmpty else { return "no prefix" }
      let count = names.count { $0.utf8.starts(with: prefix.utf8) }
      return "\(quoted: prefix) (\(count) tensor\(count == 1 ? "" : "s"))"
    }
    let example = found.first { !$0.isEmpty } ?? ""
    let more = found.count > 4 ? " and \(found.count - 4) more" : ""
    return
      "\(preset.title) applies under more than one prefix: \(texts.joined(separator: ", "))\(more). Name one with the preset's option, as in prefix=\(example), and give the tensors under the others rules of their own in a spec"
  }

  /// Sets the options: what the user gives, then the spec's values, then `config.json`, then the defaults.
  mutating func setOptions(_ configuration: ModelConfiguration?, _ subjects: [Subject]) {
    guard let preset = spec.preset else { return }
    for setting in preset.settings where !preset.optionNames.contains(setting.name) {
      let near = nearest(to: setting.name, in: preset.optionNames).map { "; did you mean \(quoted: $0)?" } ?? ""
      let known = preset.optionNames.isEmpty ? "it has none" : "known: \(preset.optionNames.joined(separator: ", "))"
      report(setting, .unknownOption, "\(preset.title) has no option \(quoted: setting.name)\(near) (\(known))")
    }
    for option in preset.options {
      guard let set = value(of: option, preset, configuration) else { continue }
      options[option.name] = set
      switch set.value {
      case .number(let number) where set.source == .option || set.source == .configuration:
        values[option.name] = number
        if case .value(.count(let glob)) = option.fallback { checkCount(glob, set, number, subjects) }
      case .boolean: unset[option.name] = "the option \(quoted: option.name) is true or false, not a number"
      case .none: unset[option.name] = "the option \(quoted: option.name) has no value"
      default: break
      }
    }
  }

  /// Reports a number in `config.json` that is smaller than the number of tensors that it counts. It may be larger: a
  /// file may hold a part of the model.
  private mutating func checkCount(
    _ glob: Glob, _ option: PlannedPreset.Option, _ number: Double, _ subjects: [Subject]
  ) {
    guard let key = option.key, let preset = spec.preset else { return }
    let count = subjects.count { scope.name($0.name.string).map(glob.matches) ?? false }
    guard number < Double(count) else { return }
    report(
      .invalidOption, nil,
      "\(quoted: key) in config.json is \(option.value.json.compact), and \(count) tensors match \(quoted: glob.text). Set the option \(quoted: option.name) of \(preset.title), or ignore the file with config=none"
    )
  }

  private mutating func value(
    of option: PresetOption, _ preset: PresetUse, _ configuration: ModelConfiguration?
  ) -> PlannedPreset.Option? {
    func planned(_ value: PresetValue, _ source: PlannedPreset.Source, key: String? = nil) -> PlannedPreset.Option {
      PlannedPreset.Option(name: option.name, value: value, source: source, key: key)
    }
    if let setting = preset.setting(option.name) {
      if let value = option.value(setting.text) { return planned(value, .option) }
      report(
        setting, .invalidOption,
        "the option \(quoted: option.name) is \(quoted: setting.text); it must be \(option.expected)")
      return nil
    }
    if spec.values.contains(where: { $0.name == option.name }) { return planned(.number(0), .values) }
    do throws(ModelConfiguration.Failure) {
      if let (key, value) = try configuration?.value(of: option) {
        return planned(value, .configuration, key: key)
      }
    } catch {
      diagnostics.append(diagnostic(SpecProblem(.invalidOption, error.message), nil, file: configuration?.path))
      return nil
    }
    switch option.fallback {
    case .boolean(let value): return planned(.boolean(value), .assumed)
    case .none: return planned(PresetValue.none, .assumed)
    case .value: return planned(.number(0), .assumed)
    }
  }

  /// The options whose defaults are computed from the tensors.
  var optionValues: [ModelSpec.Value] {
    (spec.preset?.options ?? []).compactMap { option in
      guard options[option.name]?.source == .assumed, case .value(let source) = option.fallback else { return nil }
      return ModelSpec.Value(name: option.name, line: option.line, source: source, isPreset: true)
    }
  }

  /// Returns whether the option that a rule depends on is set.
  func isEnabled(_ rule: ModelSpec.Rule) -> Bool {
    guard let when = rule.when else { return true }
    return switch options[when.option]?.value {
    case .boolean(let value): value == when.isSet
    case .number: when.isSet
    default: !when.isSet
    }
  }

  /// Returns what to do if a rule that an option enables does not fit the tensors; empty for any other rule.
  func optionRemedy(_ rule: ModelSpec.Rule?) -> String {
    guard let when = rule?.when, let option = options[when.option] else { return "" }
    let source =
      switch option.source {
      case .configuration: "taken from `config.json`"
      case .assumed: "the default"
      default: "as given"
      }
    return
      ". The preset's option \(quoted: option.name) is \(option.value.json.compact) (\(source)); give it another value if the model differs"
  }

  /// What the plan took from the preset.
  func plannedPreset(_ configuration: ModelConfiguration?) -> PlannedPreset? {
    guard let preset = spec.preset else { return nil }
    return PlannedPreset(
      name: preset.name, prefix: scope.prefix, prefixSource: scope.source, hasConfiguration: configuration != nil,
      options: preset.options.compactMap { option in
        guard let set = options[option.name] else { return nil }
        guard case .number = set.value else { return set }
        let value = values[option.name].map { PresetValue.number($0) } ?? PresetValue.none
        return PlannedPreset.Option(name: set.name, value: value, source: set.source, key: set.key)
      })
  }

  /// The warnings about the preset: names that are not there, and the `config.json` of another model.
  func presetWarnings(_ subjects: [Subject], _ configuration: ModelConfiguration?) -> [SpecDiagnostic] {
    guard let preset = spec.preset else { return [] }
    var texts: [(SpecProblem.Kind, String)] = []
    if !scope.isIdentified {
      let patterns = preset.identify.map { "\(quoted: $0.text)" }.joined(separator: " or ")
      texts.append(
        (
          .unidentifiedPreset,
          "no tensor has a name that identifies \(preset.title): \(patterns). Its rules were matched with the full names; check that the model is of this library"
        ))
    } else {
      let unmatched = unmatchedPatterns(subjects)
      if !unmatched.isEmpty {
        let rest = unmatched.count > 6 ? " and \(unmatched.count - 6) more" : ""
        texts.append(
          (
            .unusedRule,
            "\(preset.title) has rules for names that this model does not have: \(unmatched.prefix(6).map { "\(quoted: $0)" }.joined(separator: ", "))\(rest). Check that the model is of this library, with its names"
          ))
      }
    }
    if let type = configuration?.modelType, !preset.modelTypes.isEmpty, !preset.modelTypes.contains(type) {
      texts.append(
        (
          .otherModel,
          "`model_type` in \(configuration?.path ?? "") is \(quoted: type), and \(preset.title) is for \(preset.modelTypes.joined(separator: ", ")). Check that the preset fits, and ignore the file with config=none if it belongs to another model"
        ))
    }
    return texts.map { diagnostic(SpecProblem($0.0, $0.1), nil) }
  }

  /// Returns the warnings that say that the preset is for another model, if tensors have no rule: they are the likely
  /// cause.
  func otherPreset(
    _ problems: [SpecDiagnostic], _ subjects: [Subject], _ configuration: ModelConfiguration?
  ) -> [SpecDiagnostic] {
    guard problems.contains(where: { $0.kind == .noRule }) else { return [] }
    return presetWarnings(subjects, configuration).filter { [.unidentifiedPreset, .otherModel].contains($0.kind) }
  }

  /// The patterns of the preset that begin with a name, are not optional, and match no tensor.
  private func unmatchedPatterns(_ subjects: [Subject]) -> [String] {
    var patterns: [String] = []
    let rules = spec.rules.indices.filter { index in
      let rule = spec.rules[index]
      return rule.isPreset && rule.kind == nil && rule.match.isAnchored && !rule.isOptional && isEnabled(rule)
        && !matched.contains(index)
    }
    guard !rules.isEmpty else { return [] }
    let names = subjects.compactMap { scope.name($0.name.string) }
    for index in rules {
      let glob = spec.rules[index].match
      // A pattern also counts as found if an earlier rule matches its tensor.
      if !names.contains(where: { glob.matches($0) }), !patterns.contains(glob.text) { patterns.append(glob.text) }
    }
    return patterns
  }

  private mutating func report(_ setting: PresetUse.Setting, _ kind: SpecProblem.Kind, _ message: String) {
    diagnostics.append(diagnostic(SpecProblem(kind, message), setting.line, file: setting.place))
  }
}
