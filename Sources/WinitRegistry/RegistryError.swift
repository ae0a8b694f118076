// What a use case refuses, beside what the modules below it report.

public import WinitCore
public import WinitStorage

/// What a use case refuses to do, and why.
public enum RegistryError: Error, Sendable, CustomStringConvertible {
  /// A reference that is not of any of the forms.
  case badReference(String)
  /// A run name with other characters than letters, digits, `.`, `_`, `/` and `-`.
  case badName(String)
  /// An alias that is no word, or looks like a version.
  case badAlias(String)
  /// The run has been deleted.
  case deleted(Run)
  /// The run was deleted and has been collected.
  case collected(String, at: String)
  /// No run has this reference.
  case noRun(String, path: String, suggestion: String?)
  /// The beginning of an id that several ids share.
  case ambiguousID(String, candidates: [Digest])
  /// The run has no such tensor.
  case noTensor(TensorName, run: String, suggestion: String?)
  /// Something asked for makes no sense together; says what to ask for instead.
  case usage(String)
  /// The tensors are larger together than any run may be.
  case tooLarge
  /// A create failed, and some of the chunks it had added could not be taken back.
  indirect case leftBehind(bytes: Int, after: any Error)
  /// The slice does not fit a tensor.
  case slice(TensorName, SliceError)
  /// A chunk has other bytes than its record says, and they cannot be made again.
  case mismatch(String)

  /// What is wrong and what to do, for a person.
  public var description: String {
    switch self {
    case .badReference(let text):
      "`\(text)` is not a reference; write NAME, NAME:v2, NAME:ALIAS, NAME@sha256:… or sha256:… (the first digits are enough)"
    case .badName(let name):
      "`\(name)` cannot be a run's name; use letters, digits, `.`, `_`, `/` and `-`, at most 255 of them"
    case .badAlias(let alias):
      "`\(alias)` cannot be an alias; use letters, digits, `.`, `_` and `-`, and nothing that looks like a version or is `latest`"
    case .deleted(let run):
      "\(run.reference) was deleted on \(run.deletedAt ?? "?"); `restore \(run.reference)` brings it back"
    case .collected(let reference, let time):
      "\(reference) was deleted, and its grace period had passed when `gc` took it on \(time); `log` shows more"
    case .noRun(let reference, let path, let suggestion):
      "there is no run `\(reference)` in \(path)"
        + (suggestion.map { "; did you mean `\($0)`?" } ?? "; `list` shows what is there")
    case .ambiguousID(let prefix, let candidates):
      "`\(prefix)` begins the ids of \(candidates.count) different runs; give more digits: "
        + candidates.prefix(4).map { $0.description.prefix(23) + "…" }.joined(separator: ", ")
        + (candidates.count > 4 ? ", …" : "")
    case .noTensor(let name, let run, let suggestion):
      "\(run) has no tensor `\(name)`"
        + (suggestion.map { "; did you mean `\($0)`?" } ?? "; `show` lists them")
    case .usage(let message): message
    case .tooLarge: "the model's tensors are together larger than 16 TiB, which no run may be"
    case .leftBehind(let bytes, let error):
      "\(error)\n\(bytes) bytes that had been added could not be taken back; no run shows them, and the next create that needs them uses them"
    case .slice(let name, let error): "tensor `\(name)`: \(error)"
    case .mismatch(let what): what
    }
  }
}
