// The errors of the use cases, with their messages.

import WinitCore
import WinitJSON
import WinitStorage

extension RegistryError {
  static func mismatch(_ message: String) -> RegistryError { RegistryError(.mismatch, message) }

  package static func invalidArgument(_ message: String) -> RegistryError { RegistryError(.invalidArgument, message) }

  static func invalidReference(_ text: String) -> RegistryError {
    RegistryError(
      .invalidReference,
      "\(quoted: text) is not a reference. Write NAME, NAME:v2, NAME:ALIAS, NAME@sha256:… or sha256:… (the first digits are enough)",
      subject: text)
  }

  /// Checks the name of a new run.
  static func checkNewName(_ name: String) throws {
    guard let problem = RunName.problem(ofNew: name) else { return }
    throw RegistryError(.invalidName, "\(quoted: name) cannot be the name of a run. \(problem)", subject: name)
  }

  /// Checks a new alias.
  static func checkNewAlias(_ alias: String) throws {
    guard let problem = Alias.problem(ofNew: alias) else { return }
    throw RegistryError(.invalidName, "\(quoted: alias) cannot be an alias. \(problem)", subject: alias)
  }

  static func invalidTagKey(_ key: String) -> RegistryError {
    RegistryError(
      .invalidName,
      "\(quoted: key) cannot be the key of a tag. A key has at least one character, and no white space or `=`",
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
      "\(quoted: name) has no alias \(quoted: alias) in \(path)"
        + (suggestion.map { "; did you mean \(quoted: $0)?" } ?? ""))
  }

  static func runNotFound(_ reference: String, path: String, suggestion: String?) -> RegistryError {
    RegistryError(
      .runNotFound,
      "there is no run \(quoted: reference) in \(path)" + (suggestion.map { "; did you mean \(quoted: $0)?" } ?? ""),
      subject: suggestion == nil ? reference : nil)
  }

  static func ambiguousID(_ prefix: String, candidates: [SHA256Digest]) -> RegistryError {
    let shown = candidates.prefix(4).map { $0.description.prefix(23) + "…" }.joined(separator: ", ")
    return RegistryError(
      .ambiguousID,
      "the ids of \(candidates.count) different runs begin with \(quoted: prefix): \(shown)\(candidates.count > 4 ? ", …" : ""). Give more digits",
      subject: prefix)
  }

  static func ambiguousRun(_ reference: String, candidates: [Run]) -> RegistryError {
    let shown = candidates.prefix(20).map(\.reference).joined(separator: ", ")
    return RegistryError(
      .ambiguousID,
      "\(candidates.count) runs have the id `\(reference)`: \(shown)\(candidates.count > 20 ? ", …" : ""). Name one of them; this command changes a single run",
      subject: reference)
  }

  static func tensorNotFound(_ name: TensorName, run: String, suggestion: String?) -> RegistryError {
    RegistryError(
      .tensorNotFound,
      "\(run) has no tensor \(quoted: name)" + (suggestion.map { "; did you mean \(quoted: $0)?" } ?? ""),
      subject: suggestion == nil ? run : nil)
  }

  static var tooLarge: RegistryError {
    RegistryError(.tooLarge, "the tensors of the model are larger than 16 TiB together, which is the maximum of a run")
  }

  static func invalidSlice(_ tensor: TensorName, _ error: SliceError) -> RegistryError {
    var message = "tensor \(quoted: tensor): \(error)"
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
