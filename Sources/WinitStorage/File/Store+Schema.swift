// The check of the schema when a file is opened, and the migrations.

import Foundation
import GRDB
import WinitCore
import WinitMigrations

extension Store {
  /// The number of the schema of the files that this version writes.
  package static var schema: Int { Migration.all.count }

  /// The oldest schema of files that can be read as they are: later migrations only add indices, which make lists
  /// faster.
  package static let oldestReadableSchema = 5

  /// Checks the schema of a file, and applies the migrations that the file does not have yet in one exclusive
  /// transaction. A file that is opened for reading is not changed.
  ///
  /// - Throws: `StoreError.olderVersion` if the file cannot be migrated, or is opened for reading and has a schema
  ///   older than `oldestSchema`.
  static func checkSchema(_ queue: DatabaseQueue, _ path: String, _ access: Access, oldestSchema: Int) throws {
    let version = try queue.read { db in
      let version = try RegistryFile.version(db, path: path)
      if let version { try checkSchema(db, path, version) }
      return version
    }
    if version == Migration.all.count { return }
    if let version, access == .reading {
      guard version >= oldestSchema else { throw StoreError.olderVersion(path: path, schema: version) }
      return
    }
    guard version != nil || access == .creating else { throw StoreError.noRegistry(path: path) }
    do { try migrate(queue, path) } catch let error as DatabaseError where error.resultCode == .SQLITE_READONLY {
      // A file that can be read as it is needs the permission only for what the user wants to write.
      guard let version, version < oldestReadableSchema else { throw error }
      throw StoreError.olderVersion(path: path, schema: version)
    }
  }

  private static func migrate(_ queue: DatabaseQueue, _ path: String) throws {
    try queue.writeWithoutTransaction { db in
      try db.inTransaction(.exclusive) {
        // Another process may have migrated the file while this process waited for the lock.
        let version = try RegistryFile.version(db, path: path) ?? 0
        try checkSchema(db, path, version)
        try migrate(db, from: version)
        return .commit
      }
    }
  }

  /// Compares every table, index, trigger and view with those that the migrations create, before anything else is read:
  /// a file from elsewhere could have a view in place of a table, or an additional trigger.
  private static func checkSchema(_ db: Database, _ path: String, _ version: Int) throws {
    let found = try Schema(db)
    // Creating a schema for the comparison takes milliseconds at each start of a command. For the current schema, the
    // comparison of a digest replaces it.
    let isKnown = version == Migration.all.count && found.digest.hex == Schema.currentDigest
    if !isKnown, let difference = try found.difference(from: Schema.ofVersion(version)) {
      throw StoreError.changedSchema(path: path, what: difference)
    }
    for migration in Migration.all.prefix(version) {
      let hashes = try db.cachedStatement(sql: "SELECT sha256 FROM migrations WHERE number = ?")
      guard try String.fetchOne(hashes, arguments: [migration.number]) == migration.sha256 else {
        throw StoreError.changedMigration(path: path, name: migration.name)
      }
    }
  }

  /// Applies migrations, and records each with the SHA-256 of its text.
  static func migrate(_ db: Database, from version: Int, to last: Int = Migration.all.count)
    throws
  {
    for migration in Migration.all[version..<last] {
      try db.execute(sql: migration.sql)
      try db.execute(
        sql: "INSERT INTO migrations (number, name, sha256, applied_at) VALUES (?, ?, ?, ?)",
        arguments: [
          migration.number, migration.name, migration.sha256, Date.now.timeText,
        ])
    }
    try db.execute(sql: "PRAGMA application_id = \(RegistryFile.applicationID)")
    try db.execute(sql: "PRAGMA user_version = \(last)")
  }
}
