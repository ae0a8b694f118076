// One SQLite file, opened. The only module that imports GRDB; no SQL stands outside it.

import Foundation
import GRDB
import InitLaw
import Migrations

/// A registry file.
///
/// Choices made once; docs/store.md has the measurements behind them:
/// - Rollback journal, not WAL: WAL writes every appended byte twice, which halves the speed of the main job, and
///   SQLite before 3.51.3 has a rare race in it that can corrupt a file.
/// - `journal_mode=TRUNCATE` with `synchronous=EXTRA`: when a commit returns, the journal's end is on the disk, so
///   a power cut cannot bring it back and roll the commit back.
/// - Transactions of at most 17 MiB and a cache that holds one: a transaction that spills its cache shuts readers
///   out until it ends. A pause of 1.5 ms between two lets other writers in, which poll each millisecond.
/// - `page_size=16384`: smaller pages are slower to append to, larger ones cost each small commit more.
/// - `auto_vacuum=INCREMENTAL`: costs nothing measurable, and space can be given back without copying the file.
package final class Store: Sendable {
  package let path: String
  let queue: DatabaseQueue

  /// How many bytes of chunks one transaction may hold: sixteen full chunks and the small ones between them.
  package static let transactionSize = 17 << 20

  /// How long to wait for another process's lock, polling each millisecond.
  private static let patience = Duration.seconds(60)

  /// Opens a registry that is there.
  package static func open(_ path: String) throws -> Store {
    guard try RegistryFile.exists(path) else { throw StoreError.noRegistry(path: path) }
    return try Store(path, creating: false)
  }

  /// Opens a registry, or makes one where there is no file.
  package static func openOrCreate(_ path: String) throws -> Store {
    _ = try RegistryFile.exists(path)
    return try Store(path, creating: true)
  }

  private init(_ path: String, creating: Bool) throws {
    self.path = path
    var configuration = Configuration()
    configuration.label = "winit-registry"
    configuration.busyMode = .callback(Self.wait)
    // Statements carry no user data worth a log, and errors name the file themselves.
    configuration.publicStatementArguments = false
    configuration.prepareDatabase { db in
      // Before anything that could change another application's file.
      let version = try RegistryFile.version(db, path: path)
      if version == nil, creating {
        // These two count only before the first table is made, and outside a transaction; the second already writes
        // a page, so a database with nothing in it is a state that others can see.
        try db.execute(sql: "PRAGMA page_size = 16384")
        try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
      }
      try db.execute(sql: "PRAGMA journal_mode = TRUNCATE")
      try db.execute(sql: "PRAGMA synchronous = EXTRA")
      try db.execute(sql: "PRAGMA fullfsync = ON")  // macOS's fsync alone leaves bytes in the drive's cache
      try db.execute(sql: "PRAGMA cache_size = -24000")
      try db.execute(sql: "PRAGMA trusted_schema = OFF")
      try db.execute(sql: "PRAGMA cell_size_check = ON")
    }
    do {
      // A path and nothing else: not `:memory:`, not a `file:` URI.
      queue = try DatabaseQueue(path: path.hasPrefix("/") ? path : "./" + path, configuration: configuration)
    } catch let error as DatabaseError { throw StoreError(error, path: path) }
    try checkSchema(creating: creating)
  }

  /// Polls rather than backs off: a writer's transactions are short, and its pauses shorter.
  private static let wait: Database.BusyCallback = { tries in
    usleep(1000)
    return tries < Int(patience / .milliseconds(1))
  }

  /// A read in one short transaction; SQLite's errors become the store's.
  func read<T>(_ body: (Database) throws -> T) throws -> T {
    do { return try queue.read(body) } catch let error as DatabaseError {
      throw StoreError(error, path: path)
    }
  }

  /// A write in one transaction, all of it or nothing.
  func write<T>(_ body: (Database) throws -> T) throws -> T {
    do { return try queue.write(body) } catch let error as DatabaseError {
      throw StoreError(error, path: path)
    }
  }

  /// What is in force on the connection, for the test that holds the promises above.
  package func pragma(_ name: String) throws -> String {
    try read { db in try String.fetchOne(db, sql: "PRAGMA \(name)") ?? "" }
  }
}
