// The JSON of `backup`.

package import WinitJSON

/// The path and the size of a copy of a registry.
package struct BackupReport: Sendable, JSONReport {
  package let path: String
  /// The size of the copy, in bytes.
  package let fileBytes: Int

  package init(path: String, fileBytes: Int) {
    self.path = path
    self.fileBytes = fileBytes
  }

  package var jsonValue: JSONValue { ["path": .string(path), "file_bytes": .integer(fileBytes)] }
}
