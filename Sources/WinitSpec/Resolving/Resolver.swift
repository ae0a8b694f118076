// Resolves every tensor of a spec.

import WinitCore
import WinitInitializers
import WinitJSON

/// Resolves a spec. The resolver continues after a problem, so that one attempt reports all problems.
struct Resolver {
  /// A tensor to resolve.
  struct Subject {
    let name: TensorName
    let entry: ModelSpec.TensorEntry?
    let like: LikeTensor?
    let shape: Shape?

    /// The line of a problem that has no line of its own.
    func line(_ spec: ModelSpec) -> Int? { entry?.line ?? spec.likeLine }
  }

  /// The rule that applies to a tensor, and the texts that its pattern captured.
  struct Match {
    let index: Int
    let rule: ModelSpec.Rule
    let captures: Captures
  }

  let spec: ModelSpec
  let dtype: DType?
  let likePath: String?
  var diagnostics: [SpecDiagnostic] = []
  /// The indices of the rules that apply to a tensor or declare its kind.
  var matched: Set<Int> = []
  var subjects: [TensorName: Subject] = [:]
  /// The rule of each tensor that has one. A tensor also looks up the rules of others, for `fan_of`.
  var matches: [TensorName: Match] = [:]
  /// The numbers of parts and of literal values in all tensors so far.
  var written = (parts: 0, values: 0)
  /// The tensors that are skipped.
  var skipped: [TensorName] = []
  /// The scope of the preset's rules.
  var scope = PresetScope()
  /// The options of the preset.
  var options: [String: PlannedPreset.Option] = [:]
  /// The spec's values.
  var values: [String: Double] = [:]
  /// The values that these tensors do not determine, each with the reason.
  var unset: [String: String] = [:]

  init(spec: ModelSpec, dtype: DType?, likePath: String?) {
    self.spec = spec
    self.dtype = dtype
    self.likePath = likePath
  }

  mutating func plan(like: [LikeTensor], configuration: ModelConfiguration?) throws(SpecError) -> Plan {
    if let dtype, !dtype.isFloatingPoint {
      report(
        .notFloatingPoint, nil,
        "the dtype asked for is \(dtype), which is not a floating-point dtype. Integer tensors have their dtypes in the spec"
      )
    }
    let subjects = subjects(like: like)
    self.subjects = subjects.firstByName(\.name)
    findScope(subjects)
    setOptions(configuration, subjects)
    // With a wrong prefix or option, most tensors would have problems that follow from it.
    guard diagnostics.isEmpty else { throw SpecError(spec.diagnostics + diagnostics) }
    for subject in subjects { matches[subject.name] = match(subject) }
    evaluateValues(subjects)
    var tensors = subjects.compactMap { plan($0) }
    takeNorms(&tensors)
    tie(&tensors)
    checkStreams(tensors)
    let network = plannedNetwork()
    let unused = spec.rules.indices.filter { !matched.contains($0) }.map { spec.rules[$0] }
    for rule in unused { checkUnused(rule) }
    let problems = spec.diagnostics + diagnostics
    guard problems.isEmpty else { throw SpecError(otherPreset(problems, subjects, configuration) + problems) }
    guard !tensors.isEmpty else {
      throw SpecError([
        diagnostic(
          SpecProblem(
            .noTensors, "the spec describes no tensor. Give tensors, or like, and rules that do not skip all of them"),
          nil)
      ])
    }
    var resolved = Plan(
      tensors: tensors,
      warnings: unused.filter { !$0.isPreset }.map(warning) + presetWarnings(subjects, configuration)
        + networkWarnings(network.problem),
      skipped: skipped, preset: plannedPreset(configuration), sources: initSources())
    (resolved.network, resolved.networkProblem, resolved.allowed) = (network.network, network.problem, spec.allowed)
    return resolved
  }

  /// Returns what gave each tensor its init.
  private func initSources() -> [TensorName: InitSource] {
    subjects.compactMapValues { subject in
      if let entry = subject.entry, entry.initialization != nil {
        return InitSource(file: spec.file, line: entry.initLine ?? entry.line, pattern: nil, isPreset: false)
      }
      guard let rule = matches[subject.name]?.rule else { return nil }
      let preset = spec.preset?.name.map { "preset \($0)" }
      return InitSource(
        file: rule.isPreset ? preset ?? spec.file : spec.file, line: rule.line, pattern: rule.match.text,
        isPreset: rule.isPreset)
    }
  }

  /// Returns the tensors of the checkpoint in its order, each with the spec's entry for it, then the spec's other
  /// tensors.
  private func subjects(like: [LikeTensor]) -> [Subject] {
    let entries = spec.tensors.firstByName(\.name)
    let taken = Set(like.map(\.name))
    return like.map { tensor in
      let entry = entries[tensor.name]
      return Subject(name: tensor.name, entry: entry, like: tensor, shape: entry?.shape ?? tensor.shape)
    }
      + spec.tensors.filter { !taken.contains($0.name) }.map {
        Subject(name: $0.name, entry: $0, like: nil, shape: $0.shape)
      }
  }

  /// Checks the numbers of a rule that applies to no tensor.
  private mutating func checkUnused(_ rule: ModelSpec.Rule) {
    guard case .scheme(let text) = rule.initialization, text.expressions.isEmpty else { return }
    do { try text.scheme.checkArguments() } catch { report(SpecProblem(error), rule.initLine) }
  }

  private func warning(_ rule: ModelSpec.Rule) -> SpecDiagnostic {
    diagnostic(
      SpecProblem(
        .unusedRule,
        "the rule for \(quoted: rule.match.text) matches no tensor, or only tensors that an earlier rule decides"),
      rule.line)
  }

  mutating func report(
    _ kind: SpecProblem.Kind, _ line: Int?, _ message: String, tensor: TensorName? = nil
  ) {
    report(SpecProblem(kind, message), line, tensor: tensor)
  }

  mutating func report(_ problem: SpecProblem, _ line: Int?, tensor: TensorName? = nil) {
    diagnostics.append(diagnostic(problem, line, tensor: tensor))
  }

  func diagnostic(
    _ problem: SpecProblem, _ line: Int?, tensor: TensorName? = nil, file: String? = nil
  ) -> SpecDiagnostic {
    SpecDiagnostic(file: file ?? spec.file, line: line, tensor: tensor, problem: problem)
  }
}
