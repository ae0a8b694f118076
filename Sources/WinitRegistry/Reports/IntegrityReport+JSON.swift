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
      "rebuilt": .bool(isRebuilt), "salvage": salvage?.jsonValue ?? .null, "affected": .strings(affectedRuns),
      "seconds": .seconds(duration),
    ]
  }
}

extension SalvageReport {
  fileprivate var jsonValue: JSONValue {
    [
      "runs": .integer(runCount),
      "incomplete_runs": .array(
        incompleteRuns.map { ["reference": .string($0.reference), "message": .string($0.problem)] }),
      "lost_runs": .array(
        lostRuns.map {
          [
            "reference": $0.reference.map { .string($0) } ?? .null, "id": $0.id.map { .string($0) } ?? .null,
            "message": .string($0.problem),
          ]
        }),
      "needed_bytes": .integer(neededBytes), "damaged_file": damagedFile.map { .string($0) } ?? .null,
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
