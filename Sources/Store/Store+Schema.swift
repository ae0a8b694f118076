// Migrations: applied in one exclusive transaction with their own record and hash.

import Foundation
import GRDB
import InitLaw
import Migrations

extension Store {
  func checkSchema(creating: Bool) throws {
    do {
      let version = try queue.read { db in try RegistryFile.version(db, path: self.path) }
      if let version, version == Migration.all.count {
        try queue.read { db in try self.checkMigrations(db, upTo: version) }
        return
      }
      guard version != nil || creating else { throw StoreError.noRegistry(path: path) }
      try queue.writeWithoutTransaction { db in
        try db.inTransaction(.exclusive) {
          // Another process may have migrated while this one waited for the lock.
          let version = try RegistryFile.version(db, path: self.path) ?? 0
          try self.checkMigrations(db, upTo: version)
          try self.migrate(db, from: version)
          return .commit
        }
      }
    } catch let error as DatabaseError {
      throw StoreError(error, path: path)
    }
  }

  private func checkMigrations(_ db: Database, upTo version: Int) throws {
    for migration in Migration.all.prefix(version) {
      let hash = try String.fetchOne(
        db, sql: "SELECT sha256 FROM migrations WHERE number = ?", arguments: [migration.number])
      guard hash == Digest(of: migration.sql.utf8).hex else {
        throw StoreError.changedMigration(path: path, name: migration.name)
      }
    }
  }

  private func migrate(_ db: Database, from version: Int) throws {
    for migration in Migration.all.dropFirst(version) {
      try db.execute(sql: migration.sql)
      try db.execute(
        sql: "INSERT INTO migrations (number, name, sha256, applied_at) VALUES (?, ?, ?, ?)",
        arguments: [
          migration.number, migration.name, Digest(of: migration.sql.utf8).hex, Date.now.formatted(.iso8601),
        ])
    }
    try db.execute(sql: "PRAGMA application_id = \(RegistryFile.applicationID)")
    try db.execute(sql: "PRAGMA user_version = \(Migration.all.count)")
  }
}
