// The space that a registry file takes.

import Foundation
import GRDB
import WinitCore

/// The number of runs and chunks in a registry file, and the space that they take, in bytes.
package struct SpaceUse: Sendable {
  /// The number of runs that are not deleted, and of deleted runs that are not collected yet.
  package let runs: (visible: Int, deleted: Int)
  package let chunkCount: Int
  /// The size of all chunks.
  package let stored: Int
  /// The bytes that sharing saves: the additional size if every tensor had chunks of its own.
  package let shared: Int
  /// The size of the unreferenced chunks, which a garbage collection would free now.
  package let reclaimable: Int
  /// The size of the chunks that only deleted runs refer to. A garbage collection frees them after the grace period.
  package let deleted: Int
  /// The size of the chunks that only leases refer to.
  package let leased: Int
  /// The size of the empty pages of the file.
  package let free: Int
  /// The size of the file.
  package let file: Int
}

extension Store {
  /// Returns the space that the file takes. Reads indices, and no bytes of chunks.
  package func spaceUse() throws -> SpaceUse {
    try read { db in
      func number(_ sql: String) throws -> Int { try Int.fetchOne(db, sql: sql) ?? 0 }
      let pageSize = try number("PRAGMA page_size")
      let unleased = try self.unleasedCondition(db)
      let referenced = "EXISTS (SELECT 1 FROM tensor_chunks WHERE chunk = chunks.id)"
      let visible = """
        EXISTS (SELECT 1 FROM tensor_chunks JOIN tensors ON tensors.id = tensor JOIN runs ON runs.id = run
                WHERE chunk = chunks.id AND deleted_at IS NULL)
        """
      let deletedRuns = try number("SELECT count(*) FROM runs WHERE deleted_at IS NOT NULL")
      return SpaceUse(
        runs: (try number("SELECT count(*) FROM runs WHERE deleted_at IS NULL"), deletedRuns),
        chunkCount: try number("SELECT count(*) FROM chunks"),
        stored: try number("SELECT sum(size) FROM chunks"),
        shared: try number(
          """
          SELECT sum(size * (uses - 1))
          FROM (SELECT size, (SELECT count(*) FROM tensor_chunks WHERE chunk = chunks.id) AS uses FROM chunks)
          WHERE uses > 1
          """),
        reclaimable: try number("SELECT sum(size) FROM chunks WHERE NOT \(referenced) AND \(unleased)"),
        deleted: deletedRuns == 0
          ? 0 : try number("SELECT sum(size) FROM chunks WHERE \(referenced) AND NOT \(visible)"),
        leased: try number("SELECT sum(size) FROM chunks WHERE NOT \(referenced) AND NOT \(unleased)"),
        free: try number("PRAGMA freelist_count") * pageSize,
        file: try number("PRAGMA page_count") * pageSize)
    }
  }
}
