// The errors of the use cases, with their messages.

import WinitCore
import WinitStorage

extension RegistryError {
  static func mismatch(_ message: String) -> RegistryError { RegistryError(.mismatch, message) }

  package static func invalidArgument(_ message: String) -> RegistryError { RegistryError(.invalidArgument, message) }

  static func invalidReference(_ text: String) -> RegistryError {
    RegistryError(
      .invalidReference,
      "`\(text)` is not a reference. Write NAME, NAME:v2, NAME:ALIAS, NAME@sha256:… or sha256:… (the first digits are enough)",
      subject: text)
  }

  static func invalidRunName(_ name: String) -> RegistryError {
    RegistryError(
      .invalidName,
      "`\(name)` cannot be the name of a run. Use letters, digits, `.`, `_`, `/` and `-`, at most 255 of them",
      subject: name)
  }

  static func invalidAlias(_ alias: String) -> RegistryError {
    RegistryError(
      .invalidName,
      "`\(alias)` cannot be an alias. Use letters, digits, `.`, `_` and `-`; an alias is not `latest` and does not look like a version",
      subject: alias)
  }

  static func invalidTagKey(_ key: String) -> RegistryError {
    RegistryError(
      .invalidName, "`\(key)` cannot be the key of a tag. A key has at least one character, and no white space or `=`",
      subject: key)
  }

  static func runDeleted(_ run: Run) -> RegistryError {
    RegistryError(
      .runDeleted, "\(run.reference) was deleted on \(run.record.deletedAt ?? "?")", subject: run.reference)
  }

  static func runCollected(_ reference: String, at time: String) -> RegistryError {
    RegistryError(
      .runCollected, "\(reference) was deleted, and was collected on \(time)", subject: reference
    )
  }

  static func aliasNotFound(_ alias: String, of name: String, path: String, suggestion: String?) -> RegistryError {
    RegistryError(
      .runNotFound,
      "`\(name)` has no alias `\(alias)` in \(path)" + (suggestion.map { "; did you mean `\($0)`?" } ?? ""))
  }

  static func runNotFound(_ reference: String, path: String, suggestion: String?) -> RegistryError {
    RegistryError(
      .runNotFound,
      "there is no run `\(reference)` in \(path)" + (suggestion.map { "; did you mean `\($0)`?" } ?? ""),
      subject: suggestion == nil ? reference : nil)
  }

  static func ambiguousID(_ prefix: String, candidates: [SHA256Digest]) -> RegistryError {
    let shown = candidates.prefix(4).map { $0.description.prefix(23) + "…" }.joined(separator: ", ")
    return RegistryError(
      .ambiguousID,
      "the ids of \(candidates.count) different runs begin with `\(prefix)`: \(shown)\(candidates.count > 4 ? ", …" : ""). Give more digits",
      subject: prefix)
  }

  static func tensorNotFound(_ name: TensorName, run: String, suggestion: String?) -> RegistryError {
    RegistryError(
      .tensorNotFound, "\(run) has no tensor `\(name)`" + (suggestion.map { "; did you mean `\($0)`?" } ?? ""),
      subject: suggestion == nil ? run : nil)
  }

  static var tooLarge: RegistryError {
    RegistryError(.tooLarge, "the tensors of the model are larger than 16 TiB together, which is the maximum of a run")
  }

  static func invalidSlice(_ tensor: TensorName, _ error: SliceError) -> RegistryError {
    var message = "tensor `\(tensor)`: \(error)"
    if case .tooManyAxes = error { message += ". Name the tensors that have these axes with --tensor" }
    return RegistryError(.invalidSlice, message, underlying: error)
  }

  /// Returns the error of an operation that failed and could not remove all bytes that it had added. The code is that
  /// of the failure.
  static func incompleteRollback(bytes: Int, after error: any Error) -> any Error {
    let cause = translated(error) as? RegistryError
    return RegistryError(
      cause?.code ?? .io,
      "\(cause?.message ?? "\(error)")\n\(bytes) bytes that had been added could not be removed. No run shows them, and the next create that needs them uses them",
      subject: cause?.subject, underlying: cause == nil ? error : cause?.underlying ?? cause)
  }
}
