// A spec as it was written, parsed and not yet resolved.

public import WinitCore
public import WinitInitializers

/// A model's tensors and the rules that give them their values, as a YAML file says them. docs/spec.md is the
/// format's page. Parsing has no effects: a `like` checkpoint is opened when the spec is resolved.
public struct ModelSpec: Sendable {
  /// The file, as it was named, for errors.
  public let file: String
  /// The dtype of floating-point tensors for which nothing nearer says one.
  public let dtype: DType
  /// The layout for which nothing nearer says one.
  public let layout: Layout
  /// Named numbers for expressions, in the order in which they are computed.
  let values: [Value]
  /// The checkpoint that names, shapes and dtypes are taken from, relative to the spec's folder.
  public let like: String?
  /// The line of `like`.
  let likeLine: Int?
  /// The tensors given one by one.
  let tensors: [TensorEntry]
  /// The rules, first match first.
  let rules: [Rule]
  /// Whether a rule could not be read at all, so that nobody knows what it would have matched.
  let lacksRules: Bool
  /// What is wrong with it as far as it was read; thrown with the rest when it is resolved, so that one run reports
  /// everything.
  let diagnostics: [SpecDiagnostic]

  /// A named number.
  struct Value: Sendable {
    enum Source: Sendable {
      case expression(Expression)
      /// How many tensors have names that match.
      case count(Glob)
      /// A dimension of the tensors whose names match, which must agree.
      case dimension(Glob, axis: Int)
    }

    let name: String
    let line: Int
    let source: Source
  }

  /// What an `init:` says.
  enum Initialization: Sendable {
    case scheme(SchemeText)
    case skip
    /// The values of another tensor, whose name may hold captures.
    case sameAs(String)
    /// The bytes that `like` holds, or numbers.
    case literal([Expression]?)
    case parts(base: SchemeText, [PartText])
  }

  /// A scheme whose numbers may be expressions.
  struct SchemeText: Sendable {
    let scheme: Scheme
    let expressions: [String: Expression]
    /// The tensor whose fans are taken; its name may hold captures.
    let fanOf: String?
    let line: Int
  }

  /// A box of a tensor with a scheme of its own.
  struct PartText: Sendable {
    let box: [(start: Expression, stop: Expression)]
    let scheme: SchemeText
    /// The tensor name whose stream it draws from, by the index within the box.
    let stream: String?
    let line: Int
  }

  /// An entry under `tensors:`.
  struct TensorEntry: Sendable {
    let name: TensorName
    let line: Int
    /// Something in it is wrong, which is reported.
    var isBroken = false
    var shape: Shape?
    var dtype: DType?
    var initialization: Initialization?
    var initLine: Int?
    var fans: FanSource?
  }

  /// An entry under `rules:`.
  struct Rule: Sendable {
    let line: Int
    let match: Glob
    /// Nil where it is wrong, which is reported.
    let initialization: Initialization?
    let initLine: Int
    let fans: FanSource?
    /// With an init: only tensors of that kind of module. Without: its tensors are of that kind.
    let kind: String?
    /// Only tensors of so many dimensions.
    let rank: Int?
    /// Only floating-point tensors, or only the others.
    let isFloatingPoint: Bool?
    /// Whether it comes with a preset; then nobody need be told that it matches nothing.
    var isPreset = false

    /// Whether it only says what module tensors belong to.
    var declaresKind: Bool { kind != nil && initialization == nil }
  }
}
