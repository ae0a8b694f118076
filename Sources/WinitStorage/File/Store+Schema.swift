// Migrations, applied in one exclusive transaction with their own record and hash; and is the schema what they made?

import Foundation
import GRDB
package import WinitCore
import WinitMigrations

extension Store {
  func checkSchema(_ access: Access) throws {
    try translatingErrors {
      let version = try queue.read { db in
        let version = try RegistryFile.version(db, path: self.path)
        if let version { try self.checkSchema(db, version) }
        return version
      }
      if version == Migration.all.count { return }
      if let version, access == .reading { throw StoreError.olderVersion(path: path, schema: version) }
      guard version != nil || access == .creating else { throw StoreError.noRegistry(path: path) }
      try queue.writeWithoutTransaction { db in
        try db.inTransaction(.exclusive) {
          // Another process may have migrated while this one waited for the lock.
          let version = try RegistryFile.version(db, path: self.path) ?? 0
          try self.checkSchema(db, version)
          try Store.migrate(db, from: version)
          return .commit
        }
      }
    }
  }

  /// Compares every table, index, trigger and view with what the migrations make, before anything else is read: a file
  /// from elsewhere could have a view where a table is due, or a trigger more.
  private func checkSchema(_ db: Database, _ version: Int) throws {
    let found = try Schema(db)
    // Making one to compare with takes milliseconds, each time that a command starts.
    let isKnown = version == Migration.all.count && found.digest.hex == Schema.currentDigest
    if !isKnown, let difference = try found.difference(from: Schema.ofVersion(version)) {
      throw StoreError.changedSchema(path: path, what: difference)
    }
    for migration in Migration.all.prefix(version) {
      let hash = try String.fetchOne(
        db, sql: "SELECT sha256 FROM migrations WHERE number = ?", arguments: [migration.number])
      guard hash == Digest(of: migration.sql.utf8).hex else {
        throw StoreError.changedMigration(path: path, name: migration.name)
      }
    }
  }

  fileprivate static func migrate(_ db: Database, from version: Int, to last: Int = Migration.all.count)
    throws
  {
    for migration in Migration.all[version..<last] {
      try db.execute(sql: migration.sql)
      try db.execute(
        sql: "INSERT INTO migrations (number, name, sha256, applied_at) VALUES (?, ?, ?, ?)",
        arguments: [
          migration.number, migration.name, Digest(of: migration.sql.utf8).hex, Date.now.formatted(.iso8601),
        ])
    }
    try db.execute(sql: "PRAGMA application_id = \(RegistryFile.applicationID)")
    try db.execute(sql: "PRAGMA user_version = \(last)")
  }
}

/// The definitions of a database, by kind and name.
package struct Schema {
  private let objects: [String: String]

  /// What `digest` is of a file that the migrations made; a test holds it to them.
  package static let currentDigest = "edd13c63f978a60ab2af555ca099f2bf996f109dd6e8fe95503e2a25ed0a793a"

  /// SHA-256 over all definitions in order.
  package var digest: Digest {
    let lines = objects.sorted { $0.key < $1.key }.map { "\($0.key)\n\($0.value)\n" }
    return Digest(of: lines.joined().utf8)
  }

  init(_ db: Database) throws {
    // Statistics that `ANALYZE` leaves are the user's business.
    let rows = try Row.fetchAll(
      db, sql: "SELECT type, name, sql FROM sqlite_schema WHERE name NOT GLOB 'sqlite_stat[0-9]'")
    objects = try Dictionary(
      rows.map { row in
        let sql = try row.value("sql", String?.self) ?? ""
        return ("\(try row.value("type", String.self)) \(try row.value("name", String.self))", sql)
      },
      uniquingKeysWith: { $0 + "\n" + $1 })
  }

  /// What the migrations up to a version make.
  package static func ofVersion(_ version: Int) throws -> Schema {
    try DatabaseQueue().write { db in
      try Store.migrate(db, from: 0, to: version)
      return try Schema(db)
    }
  }

  /// What is otherwise here; nil where nothing is.
  func difference(from expected: Schema) -> String? {
    // Tables first, then what belongs to them.
    let kinds = ["table", "index", "trigger"]
    func rank(_ object: String) -> Int { kinds.firstIndex { object.hasPrefix($0) } ?? kinds.count }
    for (object, sql) in expected.objects.sorted(by: { (rank($0.key), $0.key) < (rank($1.key), $1.key) }) {
      guard let found = objects[object] else { return "its \(object) is missing" }
      if !found.utf8.elementsEqual(sql.utf8) { return "its \(object) is defined otherwise" }
    }
    let others = objects.keys.filter { expected.objects[$0] == nil }.sorted()
    return others.first.map { "it has a \($0)" }
  }
}
