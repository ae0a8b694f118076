// Finding runs by the digests of their tensors.

import Foundation
import GRDB
package import WinitCore
import WinitJSON

/// A tensor of a run, as far as it is compared with a tensor of unknown origin.
package struct IdentifiableTensor: Sendable {
  package let name: TensorName
  /// The dtype, the shape and the digest of the tensor.
  package let content: TensorContent
  package let isTied: Bool
}

/// What two tensors with equal values have in common.
package struct TensorContent: Hashable, Sendable {
  package let dtype: String
  package let dims: [Int]
  package let digest: SHA256Digest

  package init(dtype: String, dims: [Int], digest: SHA256Digest) {
    (self.dtype, self.dims, self.digest) = (dtype, dims, digest)
  }
}

extension Store {
  /// Returns the runs that have a tensor with one of these digests, in groups of runs with the same manifest. Deleted
  /// runs are left out.
  ///
  /// - Parameter body: called with the runs of a group, newest first, and with the tensors that they have.
  package func forEachGroupOfRuns(
    withTensors digests: some Sequence<SHA256Digest>, _ body: ([RunRecord], [IdentifiableTensor]) throws -> Void
  ) throws {
    let groups = try read { db in
      // Every row is read. An index on the digests would make each create slower, and a migration that makes an index
      // fails in a file with a damaged row, which could then not be repaired.
      let wanted = Set(digests.map { Data($0.bytes) })
      var rows: Set<Int64> = []
      let tensors = try Row.fetchCursor(db, sql: "SELECT run, digest FROM tensors")
      while let tensor = try tensors.next() {
        if wanted.contains(try tensor.value("digest")) { rows.insert(try tensor.value("run")) }
      }
      let manifest = try db.cachedStatement(sql: "SELECT manifest FROM runs WHERE id = ? AND deleted_at IS NULL")
      var groups: [Int64: [Int64]] = [:]
      for row in rows.sorted(by: >) {
        if let id = try Int64.fetchOne(manifest, arguments: [row]) { groups[id, default: []].append(row) }
      }
      return groups.values.sorted { $0[0] > $1[0] }
    }
    for group in groups {
      let (runs, tensors) = try read { db in
        (
          try group.flatMap { try self.fetchRuns(db, "WHERE runs.id = ? AND deleted_at IS NULL", [$0]) },
          try self.identifiableTensors(ofRun: group[0], db)
        )
      }
      if !runs.isEmpty { try body(runs, tensors) }
    }
  }

  private func identifiableTensors(ofRun run: Int64, _ db: Database) throws -> [IdentifiableTensor] {
    // The list of chunk digests comes after these columns, so that its pages are not read.
    let rows = try ascendingRows(
      db, by: "position",
      "SELECT position, name, dtype, shape, law, digest FROM tensors WHERE run = ? ORDER BY position", [run])
    return try rows.map { row in
      let name = TensorName(try row.value("name"))
      guard let dims = (try? JSONValue(parsing: row.value("shape", String.self)))?.arrayValue,
        let digest = SHA256Digest(bytes: try row.value("digest", Data.self)),
        let law = try? JSONValue(parsing: row.value("law", String.self))
      else { throw StoreError.damaged(path: path, what: "the record of tensor \(quoted: name) cannot be read") }
      let content = TensorContent(
        dtype: try row.value("dtype"), dims: dims.map { $0.integerValue ?? -1 }, digest: digest)
      return IdentifiableTensor(name: name, content: content, isTied: law["law"]?.stringValue == "same_as")
    }
  }
}
