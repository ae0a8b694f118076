// A resolved spec.

package import WinitCore
package import WinitDiagnosis
package import WinitJSON

/// A resolved spec: tensors with their laws, and warnings.
package struct Plan: Sendable {
  /// The tensors: those of `like` in the order of the checkpoint, then the others in the order of the spec.
  package let tensors: [PlannedTensor]
  /// The warnings: rules that apply to no tensor, and what a preset could not find.
  package let warnings: [SpecDiagnostic]
  /// The tensors of `like` that the spec skips.
  package var skipped: [TensorName] = []
  /// The warnings about the path of the checkpoint.
  package var checkpointWarnings: [String] = []
  /// The metadata of a checkpoint that is imported.
  package var metadata: [(key: String, value: String)] = []
  /// What was taken from a preset; nil without a preset.
  package var preset: PlannedPreset?
  /// The network of the spec or of its preset, with the names of the tensors; nil for none.
  package var network: PlannedNetwork?
  /// Why the network of the preset does not fit these tensors; nil if it fits, or if there is none.
  package var networkProblem: String?
  /// The findings that the spec allows.
  package var allowed: [AllowedPattern] = []
  /// What gave each tensor its init.
  package var sources: [TensorName: InitSource] = [:]
}

/// What gave a tensor its init: a rule, or the tensor's own entry.
package struct InitSource: Sendable {
  /// The file of the spec, or the preset.
  package let file: String
  /// The line of the rule or the init; nil if the spec was created in Swift.
  package let line: Int?
  /// The pattern of the rule; nil for an entry.
  package let pattern: String?
  /// Whether the rule is one of the preset.
  package let isPreset: Bool
}

/// A tensor of a plan.
package struct PlannedTensor: Sendable {
  package let name: TensorName
  package let shape: Shape
  package let dtype: DType
  /// The law of the elements. A tied tensor has the law of its target.
  package let law: Law
  /// The name that gives the stream: the name of the tensor, or the name of its target if it is tied.
  package let streamName: TensorName
  /// The target of a tied tensor, which has the same values; nil for any other tensor.
  package let tiedTo: TensorName?
  /// The init as it is recorded: the scheme with its parameters, its expressions and the source of its fans.
  package let record: JSONValue
  /// The place of the bytes of a literal, or of a tensor with a part that is a literal; nil for any other tensor.
  package let literal: LiteralBytes?
  /// The seed of the tensor; nil if it is the seed of the run.
  package let seed: UInt64?

  package init(
    name: TensorName, shape: Shape, dtype: DType, law: Law, streamName: TensorName, tiedTo: TensorName?,
    record: JSONValue, literal: LiteralBytes?, seed: UInt64? = nil
  ) {
    (self.name, self.shape, self.dtype, self.law) = (name, shape, dtype, law)
    (self.streamName, self.tiedTo, self.record) = (streamName, tiedTo, record)
    (self.literal, self.seed) = (literal, seed)
  }
}

extension Plan {
  /// The warnings as texts.
  package var warningTexts: [String] { checkpointWarnings + warnings.map(\.description) }
}
