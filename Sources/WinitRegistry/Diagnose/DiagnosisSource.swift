// What a word names: a run of a registry, a checkpoint, or the document of a diagnosis.

import Foundation
import WinitDiagnosis
import WinitJSON

/// The source of a diagnosis, as it is typed.
package enum DiagnosisSource: Sendable, Hashable {
  case run(String)
  case checkpoint(String)
  /// The document of a diagnosis, a JSON file.
  case document(String)

  /// Recognizes a source. A word that looks like a path is a file. Another word is a file if there is one and no run has
  /// its name.
  ///
  /// - Parameters:
  ///   - registry: the path of the registry, which need not exist.
  ///   - isCheckpoint: whether a spec is given to compare a checkpoint with, which a run does not take.
  /// - Throws: `RegistryError` with the code `invalidArgument` for a word that is both, or for a run beside a spec.
  package init(_ text: String, registry: String, isCheckpoint: Bool = false) throws {
    if [".yaml", ".yml"].contains(where: text.hasSuffix) {
      throw RegistryError(
        .invalidFile,
        "\(quoted: text) is a spec. Diagnose it with `diagnose --spec FILE`; with --json it prints the document that `report` draws"
      )
    }
    if DiagnosisSource.isPath(text) {
      self = try Diagnosis.isDocument(text) ? .document(text) : .checkpoint(text)
      return
    }
    guard text != "-" else {
      throw RegistryError.invalidArgument(
        "a checkpoint is read at several places, which standard input does not allow. Name a file; `./-` is a file with the name `-`"
      )
    }
    let exists = FileManager.default.fileExists(atPath: text)
    if isCheckpoint {
      guard exists else {
        throw RegistryError.invalidArgument(
          "\(quoted: text) is no file, and --spec, --preset and --layout are about a checkpoint. A run has its own record; leave them out"
        )
      }
      self = .checkpoint(text)
      return
    }
    guard exists else {
      self = .run(text)
      return
    }
    if FileManager.default.fileExists(atPath: registry),
      let run = try? Registry(openingForReading: registry).run(text)
    {
      throw RegistryError.invalidArgument(
        "\(quoted: text) is a file and a run. Write ./\(text) for the file, or \(run.reference) for the run")
    }
    self = .checkpoint(text)
  }

  /// Whether the source is a checkpoint.
  package var isCheckpoint: Bool {
    if case .checkpoint = self { return true }
    return false
  }

  private static func isPath(_ text: String) -> Bool {
    text == "." || text == ".." || ["./", "../", "/"].contains { text.hasPrefix($0) }
      || [".safetensors", ".json", "/"].contains { text.hasSuffix($0) }
  }
}
