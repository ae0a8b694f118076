// The JSON of `import` of a bundle.

import WinitCore
package import WinitJSON
import WinitStorage

extension ImportReceipt {
  /// The bundle's runs, each with what the import did with it.
  package var jsonValue: JSONValue {
    [
      "runs": .array(
        importedRuns.map {
          [
            "bundle_reference": .string($0.bundleReference), "reference": .string($0.run.reference),
            "id": .string($0.run.id.description), "outcome": .string($0.outcome.rawValue),
            "repaired": .strings($0.repaired), "same_id": .strings($0.sameID),
          ]
        }), "stored_bytes": .integer(storedBytes), "seconds": .seconds(duration),
    ]
  }
}
