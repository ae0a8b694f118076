// Deleting and restoring runs.

import Foundation
import GRDB
import WinitCore

extension Store {
  /// Deletes runs in one transaction. References no longer find them. They keep their records and bytes until they are
  /// collected.
  ///
  /// - Throws: `StoreError.hasAliases`. In this case no run was deleted.
  package func delete(_ runs: [RunRecord], _ event: Event) throws -> [RunRecord] {
    try write { db in
      try runs.map { run in
        let run = try self.reload(run, db)
        guard run.aliases.isEmpty else { throw StoreError.hasAliases(run.reference, run.aliases) }
        if run.deletedAt != nil { return run }
        try db.execute(
          sql: "UPDATE runs SET deleted_at = ? WHERE id = ?",
          arguments: [Date.now.timeText, run.rowID])
        try self.record(event, run, db)
        return try self.reload(run, db)
      }
    }
  }

  /// Restores deleted runs in one transaction.
  package func restore(_ runs: [RunRecord], _ event: Event) throws -> [RunRecord] {
    try write { db in
      try runs.map { run in
        let run = try self.reload(run, db)
        if run.deletedAt == nil { return run }
        try db.execute(sql: "UPDATE runs SET deleted_at = NULL WHERE id = ?", arguments: [run.rowID])
        try self.record(event, run, db)
        return try self.reload(run, db)
      }
    }
  }
}
