// Files that hold the document of a diagnosis.

package import WinitDiagnosis
import WinitFiles
import WinitJSON

extension Diagnosis {
  /// Reads the document in a file.
  ///
  /// - Throws: `RegistryError` with the code `fileNotFound`, or `invalidFile` if it is not a document of a diagnosis.
  package init(contentsOf path: String) throws {
    self = try translatingErrors {
      let bytes = try InputFile(path).bytes(limit: Diagnosis.maximumBytes)
      do throws(DocumentError) { return try Diagnosis(parsing: bytes) } catch {
        throw RegistryError(.invalidFile, "\(path): not the document of a diagnosis: \(error)", subject: path)
      }
    }
  }

  /// Whether a file is the document of a diagnosis, and not the index of a sharded checkpoint, which is JSON too.
  package static func isDocument(_ path: String) throws -> Bool {
    guard path.hasSuffix(".json") else { return false }
    return try translatingErrors {
      let bytes = try InputFile(path).bytes(limit: Diagnosis.maximumBytes)
      let json: JSONValue
      do { json = try JSONValue(parsing: bytes) } catch {
        throw RegistryError(.invalidFile, "\(path): not JSON: \(error)", subject: path)
      }
      return json["schema"] != nil && json["weight_map"] == nil
    }
  }
}
