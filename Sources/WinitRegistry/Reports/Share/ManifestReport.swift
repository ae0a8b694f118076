// The JSON of `export --manifest`.

package import WinitJSON
import WinitStorage

extension ManifestReceipt: JSONReport {
  /// The run, the files that were written, and their size.
  package var jsonValue: JSONValue {
    [
      "path": .string(path), "literals_path": .optional(literalsPath), "runs": .strings([run.reference]),
      "id": .string(run.id.description), "file_bytes": .integer(byteCount), "seconds": .seconds(duration),
    ]
  }
}
