// A spec as it is written: parsed and not yet resolved.

package import WinitCore
import WinitDiagnosis
import WinitInitializers

/// A model's tensors and the rules that initialize them. docs/spec.md describes the YAML form. Parsing has no effects:
/// a `like` checkpoint is opened when the spec is resolved.
package struct ModelSpec: Sendable {
  /// The file, as the caller named it, for errors.
  package let file: String
  /// The dtype of floating-point tensors that have no dtype of their own.
  package let dtype: DType
  /// The layout of tensors that have no layout or fans of their own.
  package let layout: Layout
  /// Named numbers for expressions, in the order in which they are computed.
  var values: [Value]
  /// The checkpoint that gives names, shapes and dtypes, relative to the spec's folder.
  package let like: String?
  /// The line of `like`.
  let likeLine: Int?
  /// The tensors that the spec lists.
  let tensors: [TensorEntry]
  /// The rules. The first rule that matches a tensor applies.
  var rules: [Rule]
  /// The preset that the spec uses; nil for none.
  var preset: PresetUse?
  /// The path through the model; nil if neither the spec nor its preset gives it.
  var network: NetworkText?
  /// The findings that the spec allows.
  var allowed: [AllowedPattern] = []
  /// Whether a rule could not be read, so that a tensor without a rule is no error of its own.
  let lacksRules: Bool
  /// The problems found while reading. Resolving throws them together with its own problems, so that one attempt
  /// reports all.
  var diagnostics: [SpecDiagnostic]

  /// A named number.
  struct Value: Sendable {
    enum Source: Sendable {
      case expression(Expression)
      /// The number of tensors whose names match.
      case count(Glob)
      /// A dimension that all tensors with matching names must share.
      case dimension(Glob, axis: Int)
    }

    let name: String
    let line: Int
    let source: Source
    /// Whether the value comes from a preset, and so from the tensors to which the preset applies.
    var isPreset = false
  }

  /// The value of `init:`.
  enum Initialization: Sendable {
    case scheme(SchemeText)
    /// The tensor of `like` is left out.
    case skip
    /// The values of another tensor.
    case sameAs(NameTemplate)
    /// The norm of another tensor over axes; negative ones count from the end.
    case normOf(NameTemplate, axes: [Int])
    case literal(LiteralText)
    case parts(base: PartInitialization, [PartText])
  }

  /// Given values.
  enum LiteralText: Sendable {
    /// The bytes that `like` holds for a tensor; nil for the tensor of the same name.
    case like(of: NameTemplate?)
    /// Numbers, in row-major order.
    case values([Expression])
  }

  /// What a box of a tensor can have.
  enum PartInitialization: Sendable {
    case scheme(SchemeText)
    case literal(LiteralText)
  }

  /// A scheme whose numbers may be expressions.
  struct SchemeText: Sendable {
    /// The scheme with the parameters that are written as numbers or words.
    let scheme: Scheme
    /// The other parameters, which are computed for each tensor, in the order in which they are written.
    let expressions: [(parameter: String, expression: Expression)]
    /// The tensor whose fans are taken.
    let fanOf: NameTemplate?
    let line: Int?

    init(
      _ scheme: Scheme, expressions: [(parameter: String, expression: Expression)] = [],
      fanOf: NameTemplate? = nil, line: Int? = nil
    ) {
      (self.scheme, self.expressions, self.fanOf, self.line) = (scheme, expressions, fanOf, line)
    }

    /// The scheme with the fans of another tensor, unless it takes those of one already.
    func taking(fansOf name: NameTemplate) -> SchemeText {
      SchemeText(scheme, expressions: expressions, fanOf: fanOf ?? name, line: line)
    }
  }

  /// A box of a tensor with a scheme of its own.
  struct PartText: Sendable {
    let box: [(start: Expression, stop: Expression)]
    let initialization: PartInitialization
    /// The layout or the fans of the box; nil for those of the tensor.
    let fans: FanSource?
    /// The tensor name whose stream the box draws from.
    let stream: NameTemplate?
    /// How the part repeats along an axis; nil for one box.
    let repetition: Repetition?
    let line: Int
  }

  /// How a part repeats along an axis.
  struct Repetition: Sendable {
    let axis: Int
    /// The distance of two boxes; nil for the length of the box, so that one begins where another ends.
    let step: Expression?
    /// The number of boxes; nil for all until the end of the axis.
    let count: Expression?
  }

  /// An entry under `tensors:`.
  struct TensorEntry: Sendable {
    let name: TensorName
    /// The line; nil if the spec was created in Swift.
    let line: Int?
    /// Whether the entry has a problem, which is reported already.
    var isBroken = false
    var shape: Shape?
    var dtype: DType?
    var initialization: Initialization?
    var initLine: Int?
    var fans: FanSource?
    /// The seed of the tensor; nil for that of the rule or the run.
    var seed: UInt64?
  }

  /// An entry under `rules:`.
  struct Rule: Sendable {
    let line: Int
    let match: Glob
    /// The init; nil if it has a problem, which is reported already, or if the rule declares a kind.
    let initialization: Initialization?
    let initLine: Int
    let fans: FanSource?
    /// The seed of the tensors; nil for that of the run.
    let seed: UInt64?
    /// The kind of module. With an init, the rule matches only tensors of this kind. Without an init, the rule declares
    /// that its tensors are of this kind.
    let kind: String?
    /// The number of dimensions of the tensors that the rule matches; nil for any number.
    let rank: Int?
    /// True if the rule matches only floating-point tensors, and false if it matches only integer and boolean tensors;
    /// nil if it matches both.
    let isFloatingPoint: Bool?
    /// The option that enables the rule, and whether the option must be set; nil for a rule that always applies.
    var when: (option: String, isSet: Bool)?
    /// A tensor that the model must have for the rule to match; nil for none.
    var companion: NameTemplate?
    /// Whether models that the preset is for may have no such tensor.
    var isOptional = false
    /// Whether the rule comes from a preset. It sees names without the preset's prefix.
    var isPreset = false

    /// Whether the rule only declares the kind of its tensors.
    var declaresKind: Bool { kind != nil && initialization == nil }
  }
}
