// The JSON of `doctor`.

import WinitCore
package import WinitJSON
import WinitStorage

extension IntegrityReport {
  /// Everything that the check found, and the runs that are affected.
  package var jsonValue: JSONValue {
    [
      "sound": .bool(isSound), "runs": .integer(runCount), "hashed_chunks": .integer(hashedChunks),
      "structure": .strings(structure), "references": .strings(references),
      "records": .array(
        records.map {
          .object(["reference": .string($0.run.reference)], $0.finding.jsonValue.objectValue ?? [])
        }),
      "unreadable_runs": .array(
        unreadableRuns.map { ["reference": .string($0.reference), "message": .string($0.problem)] }),
      "chunks": .array(chunks.map(\.jsonValue)), "orphaned_bytes": .integer(unreferencedBytes),
      "rebuilt": .bool(isRebuilt), "affected": .strings(affectedRuns), "seconds": .seconds(duration),
    ]
  }
}

extension IntegrityReport.DamagedChunk {
  fileprivate var jsonValue: JSONValue {
    [
      "digest": .string(digest.description), "problem": .string(problem.rawValue),
      "repaired": .bool(isRepaired),
      "places": .array(
        uses.map {
          [
            "reference": .string($0.run.reference), "tensor": .string($0.tensor),
            "range": .integers([$0.bytes.lowerBound, $0.bytes.upperBound]),
          ]
        }),
    ]
  }
}
