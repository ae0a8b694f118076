// The rows of a damaged file, written to a new registry.

import Foundation
import GRDB
package import WinitCore

/// A run of a damaged file that cannot be salvaged, and what is still known of it.
package struct LostRun: Sendable {
  /// The reference; nil if it is unknown.
  package let reference: String?
  /// The SHA-256 of the manifest; nil if it is unknown.
  package let id: SHA256Digest?
  /// The reason why the run cannot be salvaged.
  package let problem: String

  package init(reference: String?, id: SHA256Digest?, problem: String) {
    (self.reference, self.id, self.problem) = (reference, id, problem)
  }
}

/// Writes the rows of a damaged file to a new registry. The rows prove themselves: a manifest has its id as its SHA-256,
/// a chunk and the chunk digests of a tensor have their digests, and the tensors of a run make its manifest.
package final class Salvage {
  let pages: DamagedPages
  package let target: Store
  /// The runs that cannot be salvaged.
  package internal(set) var lostRuns: [LostRun] = []
  /// The digests of the chunks whose bytes are intact.
  package private(set) var chunks: Set<SHA256Digest> = []
  /// The rows of runs that were made from the indices of the table of runs, because the rows themselves are lost. Their
  /// notes, machines, presets and parents are lost too.
  package internal(set) var runsOfIndices: Set<Int64> = []
  /// The uids of the runs that are listed as lost.
  var lostUIDs: Set<String> = []
  /// The rows of the manifests that are lost. Runs refer to them.
  var lostManifests: Set<Int64> = []
  private var history = FoundHistory()

  /// - Parameter target: a new registry, in which nothing else is written.
  package init(_ pages: DamagedPages, into target: Store) {
    self.pages = pages
    self.target = target
  }

  /// Copies all records.
  package func copyRecords() throws {
    try target.translatingErrors {
      try target.writer().writeWithoutTransaction { db in
        // An unfinished registry is never used. The caller flushes the finished one.
        try db.execute(sql: "PRAGMA synchronous = OFF")
        _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = MEMORY")
        try db.inTransaction {
          history = try FoundHistory(pages)
          try copyManifests(db)
          try copyRuns(db, history)
          try copyTensors(db)
          try copyNames(db, history)
          try copyAliasesAndTags(db)
          try copyDiagnoses(db)
          try history.copy(to: db)
          return .commit
        }
      }
    }
  }

  /// Lists the runs that are neither in the new registry nor listed yet: the history knows them, or there are manifests
  /// that no run uses, which are removed.
  package func listOtherLostRuns() throws {
    try target.write { db in
      let uids = Set(try String.fetchAll(db, sql: "SELECT uid FROM runs")).union(self.lostUIDs)
      for (uid, reference) in self.history.living.sorted(by: { $0.value < $1.value }) where !uids.contains(uid) {
        self.lostRuns.append(LostRun(reference: reference, id: nil, problem: "its record cannot be read"))
      }
      let unused = "NOT EXISTS (SELECT 1 FROM runs WHERE manifest = manifests.id)"
      let listed = Set(self.lostRuns.compactMap(\.id))
      for row in try Row.fetchAll(db, sql: "SELECT digest FROM manifests WHERE json <> '' AND \(unused)") {
        guard let id = SHA256Digest(bytes: try row.value("digest", Data.self)), !listed.contains(id) else { continue }
        self.lostRuns.append(
          LostRun(
            reference: nil, id: id, problem: "its manifest is intact, but the run that it describes cannot be read"))
      }
      try db.execute(sql: "DELETE FROM manifests WHERE \(unused)")
    }
  }

  /// Reads and hashes all chunks.
  ///
  /// - Parameters:
  ///   - keepsBytes: whether the intact chunks are written to the new registry.
  ///   - progress: called with the number of bytes that were read.
  package func copyChunks(keepsBytes: Bool, progress: (Int) throws -> Void) throws {
    var batch: [FoundChunk] = []
    var (size, done) = (0, 0)
    func finish() throws {
      let intact = batch.filter { chunk in
        SHA256Digest(hashing: chunk.bytes.span.bytes) == chunk.digest && chunks.insert(chunk.digest).inserted
      }
      if keepsBytes { try target.insert(intact) }
      done += size
      (batch, size) = ([], 0)
      try progress(done)
    }
    try pages.forEachRow(of: .chunks) { row in
      guard let digest = row.values[1].blob.flatMap({ SHA256Digest(bytes: $0) }), let bytes = row.values[3].blob,
        (1...chunkSize).contains(bytes.count), !chunks.contains(digest)
      else { return }
      batch.append(FoundChunk(digest: digest, bytes: bytes))
      size += bytes.count
      if size > Store.transactionSize - chunkSize || batch.count == 1024 { try finish() }
    }
    try finish()
  }
}

/// A chunk that was read from a damaged file.
struct FoundChunk {
  let digest: SHA256Digest
  let bytes: [UInt8]
}

extension Store {
  /// Adds chunks in one transaction.
  fileprivate func insert(_ chunks: [FoundChunk]) throws {
    try write { db in
      let insert = try db.cachedStatement(
        sql: "INSERT INTO chunks (digest, size, bytes) VALUES (?, ?, ?) ON CONFLICT (digest) DO NOTHING")
      for chunk in chunks {
        try insert.execute(arguments: [Data(chunk.digest.bytes), chunk.bytes.count, Data(chunk.bytes)])
      }
    }
  }
}

extension Database {
  /// Inserts a row of a damaged file.
  ///
  /// - Returns: whether the row was inserted; false if it violates a constraint of the schema.
  func inserts(_ values: [RecordValue], _ statement: Statement) throws -> Bool {
    do {
      try statement.execute(arguments: StatementArguments(values.map(\.databaseValue)))
      return changesCount > 0
    } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT { return false }
  }
}
