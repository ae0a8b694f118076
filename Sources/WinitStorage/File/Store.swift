// An open registry file. Only this module imports GRDB and contains SQL.

import CWinitStorage
import Foundation
import GRDB

/// An open registry file.
///
/// The settings of SQLite, with the measurements in docs/store.md:
/// - A rollback journal, not WAL: WAL writes every appended byte twice, which halves the speed of the main task, and
///   SQLite before 3.51.3 has a rare race in WAL mode that can corrupt a file.
/// - `journal_mode=TRUNCATE` with `synchronous=EXTRA`: when a commit returns, the truncation of the journal is on the
///   disk. A power cut cannot restore the journal and roll back the commit.
/// - Transactions of at most 17 MiB, and a cache that holds one of them: a transaction that spills its cache locks out
///   readers until it ends. A pause of 1.5 ms between two transactions lets other writers get the lock, because they
///   poll each millisecond.
/// - `page_size=16384`: appending is slower with smaller pages, and each small commit is slower with larger pages.
/// - `auto_vacuum=INCREMENTAL`: has no measurable cost, and lets the file shrink without copying it.
package final class Store: Sendable {
  package let path: String
  let queue: DatabaseQueue

  /// The maximum size of the chunks in one transaction, in bytes: sixteen full chunks and the small chunks between
  /// them.
  package static let transactionSize = 17 << 20

  /// The maximum time to wait for the lock of another process.
  private static let timeout = Duration.seconds(60)

  /// The ways to open a registry.
  enum Access {
    /// The file must exist. It may be changed.
    case existing
    /// The file is created if there is none.
    case creating
    /// The file must exist and is never changed: it may belong to another user.
    case reading
  }

  /// Opens a registry that exists.
  ///
  /// - Throws: `StoreError.noRegistry` if there is no file, and other errors of `StoreError`.
  package static func open(_ path: String) throws -> Store {
    guard try RegistryFile.exists(path) else { throw StoreError.noRegistry(path: path) }
    return try Store(path, .existing)
  }

  /// Opens a registry, or returns nil if there is no file.
  ///
  /// - Throws: `StoreError` if the file is not a registry, or if no file can be created there.
  package static func openIfExists(_ path: String) throws -> Store? {
    // A first create that was interrupted leaves a database without tables, which the next create uses.
    if try RegistryFile.exists(path) { do { return try Store(path, .existing) } catch StoreError.noRegistry {} }
    try FileSystem.check(path)
    return nil
  }

  /// Returns an empty registry in memory, for reading in place of a file that does not exist yet.
  package static func empty(at path: String) throws -> Store { try Store(emptyAt: path) }

  /// Opens a registry, or creates one if there is no file.
  package static func openOrCreate(_ path: String) throws -> Store {
    if try !RegistryFile.exists(path) {
      try FileSystem.check(path)
      try RegistryFile.create(path)
    }
    return try Store(path, .creating)
  }

  /// Opens a registry for reading. The file is not changed, not even by migrations.
  ///
  /// - Throws: `StoreError.olderVersion` if the file needs a migration, and other errors of `StoreError`.
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
    // Errors of GRDB must not contain the values of the user. `StoreError` names the file.
    configuration.publicStatementArguments = false
    configuration.prepareDatabase { db in
      // Before anything is read, so that a hostile schema has no effect.
      let code = winit_sqlite_harden(UnsafeMutableRawPointer(db.sqliteConnection), Self.maximumValueSize)
      guard code == 0 else {
        throw StoreError.sqlite(path: path, code: code, message: "SQLite's defensive mode cannot be enabled")
      }
      try db.execute(sql: "PRAGMA trusted_schema = OFF")
      try db.execute(sql: "PRAGMA cell_size_check = ON")
      // Before anything that could change the file of another application.
      let version = try RegistryFile.version(db, path: path)
      if version == nil, access == .creating {
        // These two settings have an effect only before the first table is created, and outside a transaction. The
        // second one writes a page, so other processes can see an empty database.
        try db.execute(sql: "PRAGMA page_size = 16384")
        try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
      }
      if access != .reading { try db.execute(sql: "PRAGMA journal_mode = TRUNCATE") }
      try db.execute(sql: "PRAGMA synchronous = EXTRA")
      try db.execute(sql: "PRAGMA fullfsync = ON")  // macOS's fsync alone leaves bytes in the drive's cache
      try db.execute(sql: "PRAGMA cache_size = -24000")
    }
    do {
      // Always a path: never `:memory:`, never a `file:` URI.
      queue = try DatabaseQueue(path: path.hasPrefix("/") ? path : "./" + path, configuration: configuration)
    } catch let error as DatabaseError { throw StoreError(error, path: path) }
    try checkSchema(access)
  }

  private init(emptyAt path: String) throws {
    self.path = path
    queue = try DatabaseQueue()
    try queue.write { db in try Store.migrate(db, from: 0) }
  }

  /// The maximum size of a value in bytes: the size of the chunk digests of a tensor of 16 TiB.
  static let maximumValueSize: Int32 = 1 << 29

  /// Polls each millisecond and does not back off, because the pauses between the transactions of a writer are short.
  private static let wait: Database.BusyCallback = { tries in
    usleep(1000)
    return tries < Int(timeout / .milliseconds(1))
  }

  package func close() throws {
    do { try queue.close() } catch let error as DatabaseError { throw StoreError(error, path: path) }
  }

  /// Removes a temporary registry and its journal, if they exist.
  package static func remove(_ path: String) {
    unlink(path)
    unlink(path + "-journal")
  }

  /// Reads in one transaction, which should be short. Errors of SQLite become `StoreError`.
  func read<T>(_ body: (Database) throws -> T) throws -> T {
    try translatingErrors { try queue.read(body) }
  }

  /// Writes in one transaction, which an error rolls back. Errors of SQLite become `StoreError`.
  func write<T>(_ body: (Database) throws -> T) throws -> T {
    try translatingErrors { try queue.write(body) }
  }

  func translatingErrors<T>(_ body: () throws -> T) throws -> T {
    do { return try body() } catch let error as DatabaseError {
      throw StoreError(error, path: path)
    } catch is RowDecodingError {
      throw StoreError.damaged(path: path, what: "a value in a row has an unexpected type")
    } catch let error as UnexpectedValueType {
      throw StoreError.damaged(path: path, what: "the value of `\(error.column)` in a row has an unexpected type")
    } catch let error as ValueOutOfRange {
      throw StoreError.damaged(
        path: path, what: "the value of `\(error.column)` in a row is out of range: \(error.number)")
    }
  }

  /// Returns the value of a pragma on this connection, for the test of the settings above.
  package func pragma(_ name: String) throws -> String {
    try read { db in try String.fetchOne(db, sql: "PRAGMA \(name)") ?? "" }
  }

  /// Returns whether SQLite prevents changes of the schema's own table, for the same test.
  package func isDefensive() throws -> Bool {
    try queue.writeWithoutTransaction { db in
      do {
        try db.execute(sql: "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = sql WHERE 0")
        return false
      } catch is DatabaseError { return true }
    }
  }
}

/// Pauses between two transactions, so that another process that waits for the lock can get it.
package func yieldToOtherWriters() { usleep(1500) }
