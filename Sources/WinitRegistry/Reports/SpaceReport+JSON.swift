// The JSON of `stats`.

package import WinitJSON
import WinitStorage

extension SpaceReport {
  /// The number of runs and chunks, and the space they take.
  package var jsonValue: JSONValue {
    [
      "runs": .integer(use.runs.visible), "deleted_runs": .integer(use.runs.deleted),
      "chunks": .integer(use.chunkCount),
      "stored_bytes": .integer(use.stored), "shared_bytes": .integer(use.shared),
      "reclaimable_bytes": .integer(use.reclaimable), "deleted_bytes": .integer(use.deleted),
      "leased_bytes": .integer(use.leased), "free_bytes": .integer(use.free), "file_bytes": .integer(use.file),
    ]
  }
}
