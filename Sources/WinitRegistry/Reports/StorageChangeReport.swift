// The JSON of `strip` and `materialize`.

package import WinitJSON
import WinitStorage

/// The runs whose bytes were dropped or stored.
package struct StorageChangeReport: Sendable, JSONReport {
  package var changes: [StorageReceipt] = []

  package init() {}

  package var jsonValue: JSONValue {
    [
      "runs": .array(
        changes.map {
          [
            "reference": .string($0.run.reference), "stored": .bool($0.run.isStored),
            "bytes": .integer($0.byteCount),
          ]
        })
    ]
  }
}
