// The network of a spec, with the tensors of the model.

import WinitCore
import WinitDiagnosis
import WinitInitializers
import WinitJSON

extension Resolver {
  /// Resolves the network. A network of the spec that does not fit the tensors is a problem of the spec. That of a
  /// preset is left out, with the reason, because the preset serves other models too. That of a spec with the keys of a
  /// preset is left out with a warning.
  mutating func plannedNetwork() -> (network: PlannedNetwork?, problem: String?) {
    guard let text = spec.network, !text.entries.isEmpty else { return (nil, nil) }
    let skipped = Set(self.skipped)
    var tensors: [TensorName: NetworkResolver.Tensor] = [:]
    for subject in subjects.values where !skipped.contains(subject.name) {
      guard let name = text.isPreset ? scope.name(subject.name.string) : subject.name.string else { continue }
      tensors[TensorName(name)] = NetworkResolver.Tensor(
        name: subject.name, shape: subject.shape, dtype: dtype(of: subject),
        fans: subject.entry?.fans ?? matches[subject.name]?.rule.fans ?? .layout(spec.layout))
    }
    var resolver = NetworkResolver(
      tensors: tensors, stopsEarly: text.isPreset,
      number: { [values, unset, options] (name) throws(Expression.Failure) in
        if let value = values[name] { return value }
        if case .boolean(let value)? = options[name]?.value { return value ? 1 : 0 }
        if let why = unset[name] { throw Expression.Failure(message: why) }
        return nil
      })
    let network = resolver.network(text)
    if let first = resolver.problems.first {
      if text.isPreset { return (nil, first.problem.message) }
      for problem in resolver.problems { report(problem.problem, problem.line, tensor: problem.tensor) }
      return (nil, nil)
    }
    return (PlannedNetwork(network, source: text.isPreset ? .preset : .spec), nil)
  }

  /// Returns the warning that the network of a spec with the keys of a preset does not fit. The preset of this package
  /// is no text that its user could correct.
  func networkWarnings(_ problem: String?) -> [SpecDiagnostic] {
    guard let problem, let preset = spec.preset, preset.name == nil else { return [] }
    return [
      diagnostic(
        SpecProblem(.invalidNetwork, "the network does not fit the tensors and is left out: \(problem)"), nil)
    ]
  }

  private func dtype(of subject: Subject) -> DType {
    subject.entry?.dtype ?? subject.like?.dtype ?? spec.dtype
  }
}
