// The JSON of `gc`.

package import WinitJSON
import WinitStorage

/// A garbage collection, or its dry run.
package struct CollectionReport: Sendable, JSONReport {
  package let collection: GarbageCollection
  /// False for a dry run, which deletes nothing.
  package let isDone: Bool

  package init(_ collection: GarbageCollection, isDone: Bool) {
    self.collection = collection
    self.isDone = isDone
  }

  package var jsonValue: JSONValue {
    [
      "done": .bool(isDone), "runs": .strings(collection.runs.map(\.reference)),
      "waiting_runs": .integer(collection.record.waiting), "chunks": .integer(collection.chunkCount),
      "bytes": .integer(collection.byteCount), "leased_bytes": .integer(collection.record.leased),
    ]
  }
}
