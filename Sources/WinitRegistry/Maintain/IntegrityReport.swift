// The result of checking a registry file.

package import WinitCore
import WinitJSON
package import WinitStorage

/// The result of checking a registry file, and of repairing it: see ``Registry/checkIntegrity(full:repair:progress:)``.
public struct IntegrityReport: Sendable {
  /// A chunk that is missing or damaged.
  package struct DamagedChunk: Sendable {
    /// What is wrong with a chunk.
    package enum Problem: String, Sendable {
      /// A run refers to the chunk, and the chunk is not in the file.
      case missing
      /// The chunk is on pages that SQLite cannot read, or has another size.
      case unreadable
      /// The chunk has other bytes.
      case differs
    }

    package let problem: Problem
    /// The digest that the chunk should have.
    package let digest: SHA256Digest
    /// The places that refer to the chunk. Empty for an unreferenced chunk.
    package let uses: [ChunkUse]
    /// Whether the chunk was regenerated.
    package internal(set) var isRepaired = false

    /// The first twelve digits of the digest.
    package var shortDigest: String { String(digest.hex.prefix(12)) }

    /// The first place that refers to the chunk, and the number of other places; nil for an unreferenced chunk.
    package var placeText: String? {
      uses.first.map { place in
        let bytes = "bytes \(place.bytes.lowerBound) to \(place.bytes.upperBound - 1)"
        let more = uses.count > 1 ? ", 1 of \(uses.count) places" : ""
        return "\(bytes) of \(quoted: TensorName(place.tensor)) in \(place.run.reference)\(more)"
      }
    }
  }

  /// A contradiction inside the record of a run.
  package struct RecordFinding: Sendable {
    package let run: Run
    package let finding: Verification.Finding
  }

  /// A run that cannot be read.
  package struct UnreadableRun: Sendable {
    package let reference: String
    package let problem: String
  }

  /// What SQLite finds wrong with the structure of the file.
  package internal(set) var structure: [String] = []
  /// Rows that contradict other rows, or refer to rows that do not exist.
  package internal(set) var references: [String] = []
  package internal(set) var records: [RecordFinding] = []
  package internal(set) var unreadableRuns: [UnreadableRun] = []
  package internal(set) var chunks: [DamagedChunk] = []
  /// The number of runs that were checked.
  package internal(set) var runCount = 0
  /// The number of chunks that were read and hashed; 0 if only their presence was checked.
  package internal(set) var hashedChunks = 0
  /// The bytes of unreferenced chunks, as a killed create leaves them. They are no damage; a garbage collection frees
  /// them.
  package internal(set) var unreferencedBytes = 0
  /// Whether a new file with what could be salvaged took the place of the file.
  package internal(set) var isRebuilt = false
  /// What can be salvaged, or was; nil if the structure of the file is sound.
  package internal(set) var salvage: SalvageReport?
  /// The time that the check took.
  package internal(set) var duration: Duration = .zero

  /// True if nothing is wrong, or everything was repaired. Unreferenced chunks are no damage.
  public var isSound: Bool {
    structure.isEmpty && references.isEmpty && records.isEmpty && unreadableRuns.isEmpty
      && chunks.allSatisfy(\.isRepaired) && (salvage?.lostRuns.isEmpty ?? true)
  }

  /// The references (`NAME:vN`) of the runs whose records or chunks are damaged and not repaired, each once.
  public var affectedRuns: [String] {
    var seen: Set<String> = []
    let all =
      records.map(\.run.reference) + unreadableRuns.map(\.reference)
      + chunks.filter { !$0.isRepaired }.flatMap { $0.uses.map(\.run.reference) }
      + (salvage?.lostRuns.compactMap(\.reference) ?? [])
    return all.filter { seen.insert($0).inserted }
  }

  /// Adds chunks that were damaged before a repair, if they are not damaged now.
  mutating func addRepaired(_ before: [DamagedChunk]) {
    var known = Set(chunks.map(\.digest))
    for var chunk in before where known.insert(chunk.digest).inserted {
      chunk.isRepaired = true
      chunks.append(chunk)
    }
  }
}
