// Reads the use of a preset, and what makes a spec a preset: names that identify it, and options.

import WinitCore
import WinitJSON

extension SpecReader {
  /// Reads `preset: NAME` or `preset: {name: NAME, OPTION: VALUE}`.
  mutating func preset(_ node: SpecNode) -> ModelSpec? {
    let members = node.mapping ?? []
    guard let nameNode = node.mapping == nil ? node : members.first(where: { $0.key.scalar == "name" })?.value else {
      report(.missingKey, node.line, "preset needs the name of a preset: {name: llama, tied: true}")
      lacksRules = true
      return nil
    }
    guard let name = word(nameNode, "preset") else { return nil }
    do {
      var spec = try ModelSpec(preset: name)
      for (key, value) in members where key.scalar != "name" {
        guard let option = key.scalar, let text = value.scalar, !text.isEmpty else {
          report(
            .wrongType, value.line,
            "the preset's option \(key.summary) is \(value.summary); it must be a word or a number")
          continue
        }
        spec.preset?.settings.append(.init(name: option, text: text, place: file, line: key.line))
      }
      return spec
    } catch {
      report(.unknownPreset, nameNode.line, error.description)
      lacksRules = true
      return nil
    }
  }

  /// Reads a key that makes a spec a preset.
  mutating func declare(_ key: String, _ node: SpecNode, in preset: inout PresetUse?) {
    var use = preset ?? PresetUse()
    switch key {
    case "identify": use.identify = (node.sequence ?? [node]).compactMap { anchoredGlob($0) }
    case "model_types": use.modelTypes = (node.sequence ?? [node]).compactMap { word($0, "model_types") }
    default:
      guard let pairs = node.mapping else {
        report(.wrongType, node.line, "options is \(node.summary); it must map each name to {type:, default:, about:}")
        break
      }
      use.options = pairs.compactMap { option($0, $1) }
    }
    preset = use
  }

  private mutating func anchoredGlob(_ node: SpecNode) -> Glob? {
    guard let glob = glob(node) else { return nil }
    if glob.isAnchored { return glob }
    report(
      .invalidPattern, node.line,
      "the pattern \(quoted: glob.text) of identify begins with a wildcard, so that it shows no prefix. Begin it with a name"
    )
    return nil
  }

  private mutating func option(_ key: SpecNode, _ node: SpecNode) -> PresetOption? {
    guard let name = valueName(key) else { return nil }
    if [PresetUse.prefixOption, PresetUse.configurationOption, "name"].contains(name) {
      report(.invalidName, key.line, "every preset has \(quoted: name) itself; give the option another name")
      return nil
    }
    var fields: [String: SpecNode] = [:]
    for (key, node) in members(of: node, known: ["type", "default", "config", "about"], what: "an option") {
      fields[key] = node
    }
    guard let type = fields["type"]?.scalar, let kind = PresetOption.Kind(rawValue: type),
      let defaultNode = fields["default"], let about = fields["about"]?.scalar
    else {
      report(
        .missingKey, node.line,
        "the option \(quoted: name) needs `type` (boolean, integer, number or row), `default` and `about`")
      return nil
    }
    let fallback: PresetOption.Fallback
    switch (kind, defaultNode.scalar) {
    case (.boolean, "true"): fallback = .boolean(true)
    case (.boolean, "false"): fallback = .boolean(false)
    case (.boolean, _):
      report(
        .wrongType, defaultNode.line,
        "the default of \(quoted: name) is \(defaultNode.summary); it must be true or false")
      return nil
    case (.row, "none"): fallback = .none
    default:
      guard let source = source(defaultNode, of: name) else { return nil }
      fallback = .value(source)
    }
    return PresetOption(
      name: name, kind: kind, fallback: fallback, fallbackText: defaultNode.scalar ?? "from the tensors",
      configurationKey: fields["config"]?.scalar, about: about, line: key.line)
  }

  /// Reports what a spec with options of its own cannot have.
  func check(_ spec: ModelSpec, against preset: ModelSpec?) -> ModelSpec {
    var reader = self
    if preset != nil {
      reader.report(
        .conflictingKeys, nil,
        "a spec that names a preset cannot have `identify`, `model_types` or `options` too, because the preset has them"
      )
    }
    let names = Set(spec.preset?.options.map(\.name) ?? [])
    for rule in spec.rules {
      guard let option = rule.when?.option, !names.contains(option) else { continue }
      reader.report(.unknownOption, rule.line, "`when` names \(quoted: option), which is no option of the spec")
    }
    var spec = spec
    spec.diagnostics = reader.diagnostics
    return spec
  }

  /// Reads `when: OPTION` or `when: not OPTION`.
  mutating func condition(_ node: SpecNode) -> (option: String, isSet: Bool)? {
    guard let text = word(node, "when") else { return nil }
    return text.hasPrefix("not ") ? (String(text.dropFirst(4)), false) : (text, true)
  }

  /// Reads `true` or `false`.
  mutating func isTrue(_ node: SpecNode, _ what: String) -> Bool {
    if let value = node.scalar.flatMap({ Bool($0) }) { return value }
    report(.wrongType, node.line, "\(what) is \(node.summary); it must be true or false")
    return false
  }
}
