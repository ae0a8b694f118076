// The JSON of `export`.

package import WinitJSON
import WinitStorage

/// The receipt of an export to a bundle, and the path of the bundle.
package struct BundleReport: Sendable, JSONReport {
  package let receipt: BundleReceipt
  package let path: String

  package init(_ receipt: BundleReceipt, path: String) {
    self.receipt = receipt
    self.path = path
  }

  package var jsonValue: JSONValue {
    [
      "path": .string(path), "runs": .strings(receipt.runs.map(\.reference)),
      "damaged": .array(receipt.damaged.map { ["reference": .string($0.reference), "tensor": .string($0.tensor)] }),
      "file_bytes": .integer(receipt.fileBytes), "seconds": .seconds(receipt.duration),
    ]
  }
}
