// create --dry-run: what a create would record, without the digests.

import WinitCore
package import WinitDiagnosis
import WinitInitializers
import WinitJSON
package import WinitSpec
import WinitStorage

/// A run that a create would record. No tensor is filled, so there are no digests and no id.
package struct PlannedRun: Sendable {
  package let name: String
  package let seed: UInt64
  /// Whether the bytes would be stored; otherwise only those of literals.
  package let isStored: Bool
  /// The file of the spec, or the preset.
  package let spec: String
  /// The checkpoint that gives names, shapes and dtypes; nil for none.
  package let like: String?
  /// The layout of tensors that have no layout or fans of their own.
  package let layout: String
  package let tensors: [PlannedRunTensor]
  /// The tensors of `like` that the spec skips.
  package let skipped: [String]
  package let warnings: [String]
  package let preset: RunPreset?
  let presetJSON: JSONValue?
  /// The network; nil for none.
  package let network: PlannedNetwork?
  /// Why the network of the preset does not fit; nil if it fits, or if there is none.
  package let networkProblem: String?
  /// The findings that the spec allows.
  package let allowed: [AllowedPattern]

  /// Creates the run of a plan.
  ///
  /// - Throws: the errors of a create that do not depend on the elements.
  package init(_ name: String, spec: ModelSpec, plan: Plan, seed: UInt64, options: CreateOptions) throws {
    let recipes = try translatingErrors {
      try Registry.check(name, plan)
      _ = try checkedTags(options.tags)
      _ = try Producer(options)
      return try plan.recipes(seed: seed)
    }
    self.name = name
    self.seed = seed
    isStored = !options.recipeOnly
    self.spec = spec.document.file
    like = options.like ?? spec.document.like
    layout = spec.document.layout.rawValue
    tensors = zip(plan.tensors, recipes).map { tensor, recipe in
      PlannedRunTensor(
        planned: tensor, recipe: recipe, ownSeed: recipe.seed == seed ? nil : recipe.seed,
        source: plan.sources[tensor.name])
    }
    skipped = plan.skipped.map(\.string)
    warnings = plan.warningTexts
    presetJSON = plan.preset?.json
    (network, networkProblem, allowed) = (plan.network, plan.networkProblem, plan.allowed)
    preset = presetJSON.map { RunPreset(json: $0) }
  }

  private var size: RunSize { RunSize(tensors) }

  /// The number of elements of all tensors, without tied tensors.
  package var parameterCount: Int { size.parameterCount }

  /// The size of all tensors, in bytes.
  package var byteCount: Int { size.byteCount }

  /// The maximum number of bytes that the create would store: equal chunks are stored once.
  package var storedBytesMaximum: Int {
    tensors.reduce(0) { $0 + (isStored || !$1.recipe.isRegenerable ? $1.recipe.byteCount : 0) }
  }
}

/// A tensor that a create would record.
package struct PlannedRunTensor: DescribedTensor, Sendable {
  let planned: PlannedTensor
  let recipe: Recipe
  let ownSeed: UInt64?
  /// What gives the tensor its init.
  let source: InitSource?

  var name: TensorName { planned.name }
  var scheme: JSONValue { planned.record }
  var tiedTo: TensorName? { planned.tiedTo }

  /// The name with control characters escaped, for people.
  package var printableName: String { name.description }
  package var dtype: String { recipe.dtype.rawValue }
  package var byteCount: Int { recipe.byteCount }
  /// The shape as text.
  package var shapeText: String { recipe.shape.description }
  /// The scheme as it is written, on one line.
  package var schemeLine: String { withLawArithmetic { schemeText } }
  /// The law that the scheme resolves to, on one line.
  package var lawLine: String { withLawArithmetic { lawText } }

  /// The fans, as `768, 2304`; empty for a scheme that does not depend on them.
  package var fansText: String { usedFans.map { "\($0.fanIn), \($0.fanOut)" } ?? "" }

  /// What gives the tensor its init: `line 12: *.weight`, `preset line 40: *.weight`, or `line 7` for its own entry.
  package var sourceText: String {
    guard let source else { return "" }
    let place = source.line.map { "\(source.isPreset ? "preset " : "")line \($0)" } ?? source.file
    return place + (source.pattern.map { ": \($0)" } ?? "")
  }

  /// The fans that the scheme depends on; nil if it depends on none.
  var usedFans: Fans? {
    guard tiedTo == nil, let source = FanSource(json: scheme),
      let fans = try? source.fans(of: recipe.shape, for: schemeName)
    else { return nil }
    let expressions = scheme["expressions"]?.objectValue ?? []
    if expressions.contains(where: { $0.value.stringValue?.contains("fan_") ?? false }) { return fans }
    // With other fans, a scheme that depends on them gives another law.
    let members = (scheme.objectValue ?? []).filter {
      !FanSource.keys.contains($0.key) && !["picked", "because"].contains($0.key)
    }
    let laws = [Fans(fanIn: 2, fanOut: 3), Fans(fanIn: 50, fanOut: 75)].map { fans in
      let context = TensorContext(box: [], of: recipe.shape, dtype: recipe.dtype, fans: .tensor("", fans))
      return try? WinitInitializers.Scheme(json: .object(members)).resolve(context).law
    }
    return laws[0] == laws[1] ? nil : fans
  }
}
