// The JSON of `get`.

import WinitCore
package import WinitJSON
import WinitStorage

/// The receipt of `get`, and the path that was written.
package struct ExportReport: Sendable, JSONReport {
  package let receipt: ExportReceipt
  /// The file or the folder, as it was named.
  package let path: String

  package init(_ receipt: ExportReceipt, path: String) {
    self.receipt = receipt
    self.path = path
  }

  package var jsonValue: JSONValue {
    [
      "path": .string(path), "reference": .string(receipt.run.reference),
      "id": .string(receipt.run.id.description), "tensor_count": .integer(receipt.tensorCount),
      "byte_count": .integer(receipt.byteCount), "seconds": .seconds(receipt.duration),
      "damaged": .strings(receipt.damaged), "cast": .optional(receipt.cast?.rawValue),
      "files": .strings(receipt.files),
    ]
  }
}
