// A spec as it was written, parsed and not yet resolved.

public import Initializers
public import Tensors

/// A model's tensors and the rules that give them their values, as a YAML file says them. docs/spec.md is the
/// format's page. Parsing has no effects: a `like` checkpoint is opened when the spec is resolved.
public struct ModelSpec: Sendable {
  /// The file, as it was named, for errors.
  public let file: String
  /// The dtype of floating-point tensors for which nothing nearer says one.
  public let dtype: DType
  /// The layout for which nothing nearer says one.
  public let layout: Layout
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

  /// What an `init:` says.
  enum Initialization: Sendable {
    case scheme(Scheme)
    case skip
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
    var layout: Layout?
  }

  /// An entry under `rules:`.
  struct Rule: Sendable {
    let line: Int
    let match: Glob
    /// Nil where it is wrong, which is reported.
    let initialization: Initialization?
    let initLine: Int
    let layout: Layout?
  }
}
