// The model of a spec: tensors that are filled for the diagnosis and not recorded.

import WinitCore
import WinitDiagnosis
import WinitInitializers
import WinitJSON
import WinitSpec

extension FanSource {
  /// Reads the source of the fans from the record of an init; that of a tensor in parts is the one of its base.
  init?(recorded record: JSONValue) {
    let base = record["parts"]?.arrayValue?.first?["init"]
    guard let source = FanSource(json: record) ?? base.flatMap(FanSource.init(json:)) else { return nil }
    self = source
  }
}

extension DiagnosedTensor {
  /// Creates the tensor of a plan.
  init(_ planned: PlannedTensor, _ recipe: Recipe, _ plan: Plan) {
    self.init(name: planned.name, shape: planned.shape, dtype: planned.dtype)
    let described = PlannedRunTensor(
      planned: planned, recipe: recipe, ownSeed: nil, source: plan.sources[planned.name])
    let source = FanSource(recorded: planned.record)
    fanSource = source ?? .layout(.torch)
    isLayoutAssumed = source == nil
    (law, scheme, schemeText) = (recipe.law, planned.record, described.schemeLine)
    isNamedBySpec = plan.isNamed(planned.name)
    tiedTo = planned.tiedTo
  }
}

extension DiagnosedModel {
  /// - Parameter name: the file of the spec, or the preset.
  init(_ plan: Plan, named name: String, seed: UInt64) throws {
    let recipes = try plan.recipes(seed: seed)
    try Recipe.checkMemory(
      zip(plan.tensors, recipes).lazy.filter { $1.isRegenerable }.map { ($0.name, $1) })
    var subject = DiagnosisSubject(.spec, name: name, toolVersion: Registry.version)
    (subject.seed, subject.spec) = (String(seed), name)
    let tensors = zip(plan.tensors, recipes).map { DiagnosedTensor($0, $1, plan) }
    let literals = try plan.literals(recipes)
    self.init(subject, tensors) { sources in
      let source = PlannedChunks(
        recipes: sources.map { recipes[$0] }, literals: sources.map { literals[$0] },
        names: sources.map { tensors[$0].name })
      return { chunks, buffers in try source.read(chunks, into: buffers).compactMap(\.digest) }
    }
    add(plan)
  }

  /// Adds what a plan says about the model as a whole.
  mutating func add(_ plan: Plan) {
    (network, allowed) = (plan.network, plan.allowed)
    notes += plan.warningTexts
    if let problem = plan.networkProblem { notes.append(problem) }
  }
}
