// What a use case refuses, beside what the modules below it report.

public import InitLaw
public import Tensors

/// What a use case refuses to do, and why.
public enum RegistryError: Error, Sendable, CustomStringConvertible {
  /// A reference that is not of any of the forms.
  case badReference(String)
  /// A run name with other characters than letters, digits, `.`, `_`, `/` and `-`.
  case badName(String)
  /// No run has this reference.
  case noRun(String, path: String, suggestion: String?)
  /// The beginning of an id that several ids share.
  case ambiguousID(String, candidates: [Digest])
  /// The run has no such tensor.
  case noTensor(TensorName, run: String, suggestion: String?)
  /// Something asked for makes no sense together; says what to ask for instead.
  case usage(String)
  /// The tensors' sizes do not add up to a number that can be addressed.
  case tooLarge
  /// A chunk has other bytes than its record says, and they cannot be made again.
  case mismatch(String)

  /// What is wrong and what to do, for a person.
  public var description: String {
    switch self {
    case .badReference(let text):
      "`\(text)` is not a reference; write NAME, NAME:v2, NAME@sha256:… or sha256:… (the first digits are enough)"
    case .badName(let name):
      "`\(name)` cannot be a run's name; use letters, digits, `.`, `_`, `/` and `-`"
    case .noRun(let reference, let path, let suggestion):
      "there is no run `\(reference)` in \(path)"
        + (suggestion.map { "; did you mean `\($0)`?" } ?? "; `list` shows what is there")
    case .ambiguousID(let prefix, let candidates):
      "`\(prefix)` begins the ids of \(candidates.count) different runs; give more digits: "
        + candidates.prefix(4).map { $0.description.prefix(23) + "…" }.joined(separator: ", ")
    case .noTensor(let name, let run, let suggestion):
      "\(run) has no tensor `\(name)`"
        + (suggestion.map { "; did you mean `\($0)`?" } ?? "; `show` lists them")
    case .usage(let message): message
    case .tooLarge: "the model's tensors together are too large to address"
    case .mismatch(let what): what
    }
  }
}
