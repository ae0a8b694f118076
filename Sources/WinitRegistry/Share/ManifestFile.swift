// Files that hold a manifest, and the literals beside them.

import WinitCore
import WinitFiles
import WinitJSON

/// A manifest in a file, in any layout of its JSON.
package struct ManifestFile: Sendable {
  package let path: String
  let manifest: Manifest

  /// The maximum size of the file. The manifest of a model of 90,000 tensors has 27 MB.
  private static let limit = 1 << 28

  /// Reads the manifest in a .json file. Returns nil for another file, such as the index of a sharded checkpoint.
  ///
  /// - Throws: `RegistryError` with the code `fileNotFound`, or `invalidFile` if the manifest is not valid.
  package init?(ifAt path: String) throws {
    guard path.hasSuffix(".json") else { return nil }
    let manifest: Manifest? = try translatingErrors {
      // A file that is not JSON, or is neither a manifest nor an index, is left to the reader of indices.
      try InputFile.check(path)
      guard let json = try? JSONValue(parsing: readWhole(path, limit: Self.limit)), json["law_version"] != nil else {
        return nil
      }
      do throws(ManifestError) { return try Manifest(json: json) } catch {
        throw RegistryError(.invalidFile, "\(path): not a manifest: \(error)", subject: path)
      }
    }
    guard let manifest else { return nil }
    (self.path, self.manifest) = (path, manifest)
  }

  /// Returns the path of the file that holds the literals of a manifest: `gpt2.literals.safetensors` beside
  /// `gpt2.json`.
  static func literalsPath(_ path: String) -> String {
    (path.hasSuffix(".json") ? String(path.dropLast(5)) : path) + ".literals.safetensors"
  }
}

extension Manifest.Tensor {
  /// Whether the bytes of the tensor are in the file of literals. A tied tensor has the bytes of its target.
  var isLiteral: Bool { law.hasLiteral && tiedTo == nil }
}
