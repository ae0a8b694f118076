// One SQLite file, opened. The only module that imports GRDB; no SQL stands outside it.

import CWinitStorage
import Foundation
import GRDB

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
  private static let timeout = Duration.seconds(60)

  /// How a registry may be opened.
  enum Access {
    /// Changed, where the file may be; not made.
    case existing
    /// Made where there is no file.
    case creating
    /// Not changed whatever happens: somebody else's file.
    case reading
  }

  /// Opens a registry that is there.
  package static func open(_ path: String) throws -> Store {
    guard try RegistryFile.exists(path) else { throw StoreError.noRegistry(path: path) }
    return try Store(path, .existing)
  }

  /// Opens a registry, or makes one where there is no file.
  package static func openOrCreate(_ path: String) throws -> Store {
    if try !RegistryFile.exists(path) {
      try FileSystem.check(path)
      try RegistryFile.create(path)
    }
    return try Store(path, .creating)
  }

  /// Opens a registry to read it, without a change to the file.
  package static func openForReading(_ path: String) throws -> Store {
    guard try RegistryFile.exists(path) else { throw StoreError.noRegistry(path: path) }
    return try Store(path, .reading)
  }

  private init(_ path: String, _ access: Access) throws {
    try FileSystem.check(path)
    self.path = path
    var configuration = Configuration()
    configuration.label = "winit-registry"
    configuration.readonly = access == .reading
    configuration.busyMode = .callback(Self.wait)
    // Statements carry no user data worth a log, and errors name the file themselves.
    configuration.publicStatementArguments = false
    configuration.prepareDatabase { db in
      // Before anything is read: whatever stands in the file, it can do nothing.
      let code = winit_sqlite_harden(UnsafeMutableRawPointer(db.sqliteConnection), Self.longestValue)
      guard code == 0 else {
        throw StoreError.sqlite(path: path, code: code, message: "SQLite cannot be told to be careful")
      }
      try db.execute(sql: "PRAGMA trusted_schema = OFF")
      try db.execute(sql: "PRAGMA cell_size_check = ON")
      // Before anything that could change another application's file.
      let version = try RegistryFile.version(db, path: path)
      if version == nil, access == .creating {
        // These two count only before the first table is made, and outside a transaction; the second already writes
        // a page, so a database with nothing in it is a state that others can see.
        try db.execute(sql: "PRAGMA page_size = 16384")
        try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
      }
      if access != .reading { try db.execute(sql: "PRAGMA journal_mode = TRUNCATE") }
      try db.execute(sql: "PRAGMA synchronous = EXTRA")
      try db.execute(sql: "PRAGMA fullfsync = ON")  // macOS's fsync alone leaves bytes in the drive's cache
      try db.execute(sql: "PRAGMA cache_size = -24000")
    }
    do {
      // A path and nothing else: not `:memory:`, not a `file:` URI.
      queue = try DatabaseQueue(path: path.hasPrefix("/") ? path : "./" + path, configuration: configuration)
    } catch let error as DatabaseError { throw StoreError(error, path: path) }
    try checkSchema(access)
  }

  /// The longest value in bytes: the chunk digests of a tensor of 16 TiB.
  private static let longestValue: Int32 = 1 << 29

  /// Polls rather than backs off: a writer's transactions are short, and its pauses shorter.
  private static let wait: Database.BusyCallback = { tries in
    usleep(1000)
    return tries < Int(timeout / .milliseconds(1))
  }

  /// Closes the file.
  package func close() throws {
    do { try queue.close() } catch let error as DatabaseError { throw StoreError(error, path: path) }
  }

  /// Removes a registry that was made to be given another name, or what is left of it.
  package static func remove(_ path: String) {
    unlink(path)
    unlink(path + "-journal")
  }

  /// A read in one short transaction; SQLite's errors become the store's.
  func read<T>(_ body: (Database) throws -> T) throws -> T {
    try translatingErrors { try queue.read(body) }
  }

  /// A write in one transaction, all of it or nothing.
  func write<T>(_ body: (Database) throws -> T) throws -> T {
    try translatingErrors { try queue.write(body) }
  }

  func translatingErrors<T>(_ body: () throws -> T) throws -> T {
    do { return try body() } catch let error as DatabaseError {
      throw StoreError(error, path: path)
    } catch is RowDecodingError {
      throw StoreError.damaged(path: path, what: "a row holds something of another kind than it should")
    } catch let error as ValueOfAnotherKind {
      throw StoreError.damaged(
        path: path, what: "a row's `\(error.column)` holds something of another kind than it should")
    } catch let error as ValueOutOfRange {
      throw StoreError.damaged(path: path, what: "\(error.number) is no `\(error.column)`")
    }
  }

  /// What is in force on the connection, for the test that holds the promises above.
  package func pragma(_ name: String) throws -> String {
    try read { db in try String.fetchOne(db, sql: "PRAGMA \(name)") ?? "" }
  }

  /// Whether SQLite keeps the schema from being corrupted by SQL, for the same test.
  package func isDefensive() throws -> Bool {
    try queue.writeWithoutTransaction { db in
      do {
        try db.execute(sql: "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = sql WHERE 0")
        return false
      } catch is DatabaseError { return true }
    }
  }
}
