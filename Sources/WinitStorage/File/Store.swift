// An open registry file. Only this module imports GRDB and contains SQL.

import CWinitStorage
import Foundation
import GRDB
import Synchronization
import WinitCore
import WinitJSON

/// An open registry file.
///
/// The settings of SQLite, with the measurements in docs/store.md:
/// - A rollback journal, not WAL: WAL writes every appended byte twice, which halves the speed of the main task, and
///   SQLite before 3.51.3 has a rare race in WAL mode that can corrupt a file.
/// - `journal_mode=TRUNCATE` with `synchronous=EXTRA`: when a commit returns, the truncation of the journal is on the
///   disk. A power cut cannot restore the journal and roll back the commit.
/// - Transactions of at most 17 MiB, or of 51 MiB where the next chunks are ready when chunks are added, and a cache that
///   holds one of them: a transaction that spills its cache locks out readers until it ends. A pause of 1.5 ms between
///   two transactions lets other writers get the lock, because they poll each millisecond.
/// - `page_size=16384`: appending is slower with smaller pages, and each small commit is slower with larger pages.
/// - `auto_vacuum=INCREMENTAL`: has no measurable cost, and lets the file shrink without copying it.
///
/// A file is opened for reading. It is opened for writing before the first change, to apply migrations, and to roll back
/// the journal of a killed writer. SQLite opens every file through the guard of CWinitStorage.h, which refuses the
/// journal of another file.
package final class Store: Sendable {
  package let path: String
  private let access: Access
  private let waiter: LockWaiter
  private let connections: Mutex<Connections>

  /// The open connections: one for reading, and one that is opened for the first change. Then it also reads.
  private struct Connections {
    var reader: DatabaseQueue?
    var writer: DatabaseQueue?
    /// The file that is open for reading; nil if its path names another one.
    var identity: FileIdentity?
  }

  /// The maximum size of the chunks in one transaction, in bytes: sixteen full chunks and the small chunks between
  /// them.
  package static let transactionSize = 17 << 20
  /// The maximum size of the chunks in one transaction where further chunks are ready, in bytes.
  package static let largestTransaction = 3 * transactionSize
  /// A transaction that has this many chunks takes no further ones: each chunk changes pages of the indices.
  package static let manyChunks = 4096
  /// The cache of a connection that adds chunks, in KiB: the pages of the largest transaction, and 7,000 KiB for the other
  /// pages that it changes.
  static let cacheForChunks = largestTransaction / 1024 + 7000

  /// The ways to open a registry.
  enum Access {
    /// The file must exist. It may be changed.
    case existing
    /// The file is created if there is none.
    case creating
    /// The file must exist and is never changed: it may belong to another user.
    case reading
    /// The file must exist. If another program has given it a write-ahead log, the log is folded into it.
    case foldingLog
  }

  /// Opens a registry that exists.
  ///
  /// - Throws: `StoreError.noRegistry` if there is no file, and other errors of `StoreError`.
  package static func open(_ path: String) throws -> Store {
    guard try RegistryFile.exists(path) else { throw StoreError.noRegistry(path: path) }
    return try explainingDamage(path) { try Store(path, .existing) }
  }

  /// Opens a registry that exists, for a repair: a write-ahead log that another program has given it is folded into the
  /// file, and the file has a rollback journal again.
  ///
  /// - Throws: the errors of `open`.
  package static func openFoldingLog(_ path: String) throws -> Store {
    guard try RegistryFile.exists(path) else { throw StoreError.noRegistry(path: path) }
    do { return try open(path) } catch StoreError.foreignCompanion(_, _, .log) {
      try explainingDamage(path) { try Store(path, .foldingLog).close() }
      return try open(path)
    }
  }

  /// Opens a registry, or returns nil if there is no file.
  package static func openIfExists(_ path: String) throws -> Store? { try openIfExists(path, for: .owner) }

  /// Opens a registry, or returns nil if there is no file.
  ///
  /// - Parameter users: the users who must share the registry, which must not be less than those who share it now.
  /// - Throws: `StoreError` if the file is not a registry, or if no file can be created there for these users.
  package static func openIfExists(_ path: String, for users: RegistryUsers) throws -> Store? {
    // A first create that was interrupted leaves a database without tables, which the next create uses.
    if try RegistryFile.exists(path) {
      try users.check(file: path)
      do { return try explainingDamage(path) { try Store(path, .existing) } } catch StoreError.noRegistry {}
    }
    try FileSystem.check(path)
    try users.check(folderOf: path)
    return nil
  }

  /// Returns an empty registry in memory, for reading in place of a file that does not exist yet.
  package static func empty(at path: String) throws -> Store { try Store(emptyAt: path) }

  /// Opens a registry, or creates one for its owner if there is no file.
  package static func openOrCreate(_ path: String) throws -> Store { try openOrCreate(path, for: .owner) }

  /// Opens a registry, or creates one for these users if there is no file.
  ///
  /// - Throws: `StoreError.notShared` or `folderNotShared` if they could not share it, and other errors of `StoreError`.
  package static func openOrCreate(_ path: String, for users: RegistryUsers) throws -> Store {
    if try RegistryFile.exists(path) {
      try users.check(file: path)
      return try explainingDamage(path) { try Store(path, .creating) }
    }
    try FileSystem.check(path)
    try RegistryFile.create(path, for: users)
    do {
      try users.check(file: path)
      return try Store(path, .creating)
    } catch {
      RegistryFile.removeIfUnused(path)
      throw error
    }
  }

  /// Opens a registry for reading. The file is not changed, not even by migrations.
  ///
  /// - Throws: `StoreError.olderVersion` if the file has a schema older than `oldestReadableSchema`, and other errors of
  ///   `StoreError`.
  package static func openForReading(_ path: String) throws -> Store {
    guard try RegistryFile.exists(path) else { throw StoreError.noRegistry(path: path) }
    return try explainingDamage(path) { try Store(path, .reading) }
  }

  private init(_ path: String, _ access: Access) throws {
    try FileSystem.check(path)
    self.path = path
    self.access = access
    let waiter = LockWaiter(path)
    self.waiter = waiter
    switch access {
    case .creating, .foldingLog: connections = Mutex(Connections(writer: try Store.connect(path, access, waiter)))
    case .reading:
      let reader = try Store.connect(path, .reading, waiter, oldestSchema: Store.oldestReadableSchema)
      connections = Mutex(Connections(reader: reader))
    case .existing:
      let (reader, identity) = try Store.readerAfterRecovery(path, waiter)
      connections = Mutex(Connections(reader: reader, identity: identity))
    }
  }

  private init(emptyAt path: String) throws {
    self.path = path
    access = .existing
    waiter = LockWaiter(path)
    let queue = try DatabaseQueue()
    try queue.write { db in try Store.migrate(db, from: 0) }
    connections = Mutex(Connections(reader: queue, writer: queue))
  }

  /// How often an operation continues after the journal of a killed writer. Other writers may be killed meanwhile.
  static let maximumRecoveries = 100

  static func configuration(_ path: String, _ access: Access, _ waiter: LockWaiter) -> Configuration {
    var configuration = Configuration()
    configuration.label = "winit-registry"
    configuration.readonly = access == .reading
    configuration.busyMode = .callback { waiter.wait(tries: $0) }
    // Errors of GRDB must not contain the values of the user. `StoreError` names the file.
    configuration.publicStatementArguments = false
    configuration.prepareDatabase { db in
      guard winit_guard_holds(UnsafeMutableRawPointer(db.sqliteConnection)) != 0 else {
        throw StoreError.sqlite(path: path, code: 1, message: "SQLite does not use the guard of this package")
      }
      // Before anything is read, so that a hostile schema has no effect.
      let code = winit_sqlite_harden(UnsafeMutableRawPointer(db.sqliteConnection), Self.maximumValueSize)
      guard code == 0 else {
        throw StoreError.sqlite(path: path, code: code, message: "SQLite's defensive mode cannot be enabled")
      }
      waiter.watch(db)
      try db.execute(sql: "PRAGMA trusted_schema = OFF")
      try db.execute(sql: "PRAGMA cell_size_check = ON")
      // A connection that reads changes nothing. `checkSchema` checks its file before a row is read.
      if access == .reading { return }
      // Before anything that could change the file of another application.
      let version = try RegistryFile.version(db, path: path)
      if version == nil, access == .creating {
        // These two settings have an effect only before the first table is created, and outside a transaction. The
        // second one writes a page, so other processes can see an empty database.
        try db.execute(sql: "PRAGMA page_size = 16384")
        try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
      }
      try db.execute(sql: "PRAGMA journal_mode = TRUNCATE")
      try db.execute(sql: "PRAGMA synchronous = EXTRA")
      try db.execute(sql: "PRAGMA fullfsync = ON")  // macOS's fsync alone leaves bytes in the drive's cache
      try setCacheSize(db)
    }
    return configuration
  }

  /// Lets the cache of a connection hold a transaction of one batch. `addChunks` makes it larger.
  static func setCacheSize(_ db: Database) throws { try db.execute(sql: "PRAGMA cache_size = -24000") }

  /// The maximum size of a value in bytes: the size of the chunk digests of a tensor of 16 TiB.
  static let maximumValueSize: Int32 = 1 << 29

  /// The connection that reads.
  private func reader() throws -> DatabaseQueue {
    try connections.withLock { connections in
      if let open = connections.writer ?? connections.reader { return open }
      throw StoreError.sqlite(path: path, code: 21, message: "the registry is closed")
    }
  }

  /// The connection that writes, which is opened for the first change.
  ///
  /// - Throws: `StoreError` if another file has taken the place of the one that was read: what was read does not hold
  ///   for it.
  func writer() throws -> DatabaseQueue {
    try connections.withLock { connections in
      if let open = connections.writer { return open }
      guard access != .reading else {
        throw StoreError.sqlite(path: path, code: 8, message: "the registry was opened for reading")
      }
      let opened = try Store.connect(path, access, waiter)
      if connections.reader != nil {
        let identity = try FileIdentity(of: opened, path)
        guard identity != nil, identity == connections.identity else {
          try? opened.close()
          throw StoreError(DatabaseError(resultCode: .SQLITE_READONLY_DBMOVED), path: path)
        }
      }
      connections.writer = opened
      return opened
    }
  }

  package func close() throws {
    try connections.withLock { connections in
      do {
        try connections.reader?.close()
        try connections.writer?.close()
      } catch let error as DatabaseError { throw StoreError(error, path: path) }
      connections = Connections()
    }
  }

  /// Removes the file if it has no runs and no other process adds one. The store cannot be written afterward.
  ///
  /// - Parameter lease: the lease of a run that could not be recorded.
  /// - Returns: whether the file was removed.
  @discardableResult
  package func removeIfUnused(_ lease: Lease? = nil) -> Bool { RegistryFile.removeIfUnused(path, lease) }

  /// Removes a temporary registry and its journal, if they exist.
  package static func remove(_ path: String) {
    unlink(path)
    unlink(path + "-journal")
  }

  /// Reads in one transaction, which should be short. Errors of SQLite become `StoreError`.
  func read<T>(_ body: (Database) throws -> T) throws -> T {
    try transaction { try afterRecovery { try reader().read(body) } }
  }

  /// Writes in one transaction, which an error rolls back. Errors of SQLite become `StoreError`.
  func write<T>(_ body: (Database) throws -> T) throws -> T {
    try transaction { try writer().write(body) }
  }

  /// Runs a body with one transaction, in which the process does not stop. Errors of SQLite become `StoreError`.
  func transaction<T>(_ body: () throws -> T) throws -> T {
    try waiter.check()
    return try translatingErrors { try TransactionGate.shared.transaction(body) }
  }

  /// Runs a body that a request to stop does not end, such as a rollback.
  func withoutInterruption<T>(_ body: () throws -> T) rethrows -> T { try waiter.shielded(body) }

  /// Reads with one long call of SQLite, which a request to stop ends.
  func readInterruptibly<T>(_ body: (Database) throws -> T) throws -> T {
    try waiter.interruptible(reader()) { try read(body) }
  }

  /// Whether an error is that of the request to stop.
  package func isInterruption(_ error: any Error) -> Bool { !(error is StoreError) && waiter.isCancelled }

  /// Repeats a body that reads, if a writer was killed: a connection for writing rolls back its journal first. SQLite
  /// finds the journal with the first statement of a transaction.
  func afterRecovery<T>(_ body: () throws -> T) throws -> T {
    var tries = 0
    while true {
      do { return try body() } catch let error as DatabaseError
        where error.extendedResultCode == .SQLITE_READONLY_ROLLBACK && access != .reading
      {
        tries += 1
        guard tries < Store.maximumRecoveries else { throw error }
        try Store.connect(path, .existing, LockWaiter(path)).close()
      }
    }
  }

  func translatingErrors<T>(_ body: () throws -> T) throws -> T { try Store.translatingErrors(path, waiter, body) }

  static func translatingErrors<T>(_ path: String, _ waiter: LockWaiter, _ body: () throws -> T) throws -> T {
    do { return try body() } catch let error as DatabaseError {
      throw waiter.translated(error)
    } catch is RowDecodingError {
      throw StoreError.damaged(path: path, what: "a value in a row has an unexpected type")
    } catch let error as UnexpectedValueType {
      throw StoreError.damaged(path: path, what: "the value of \(quoted: error.column) in a row has an unexpected type")
    } catch let error as ValueOutOfRange {
      throw StoreError.damaged(
        path: path, what: "the value of \(quoted: error.column) in a row is out of range: \(error.number)")
    }
  }

  /// Returns the value of a pragma, for the test of the settings above.
  ///
  /// - Parameter writing: whether the connection for writing is asked, and not the one for reading.
  package func pragma(_ name: String, writing: Bool = false) throws -> String {
    if writing { _ = try writer() }
    return try read { db in try String.fetchOne(db, sql: "PRAGMA \(name)") ?? "" }
  }

  /// Returns the number of pages that the connection for reading has read from the file, for the tests of the indices.
  package func pageReads() throws -> Int {
    try read { db in Int(winit_sqlite_page_reads(UnsafeMutableRawPointer(db.sqliteConnection))) }
  }

  /// Returns whether SQLite prevents changes of the schema's own table, for the same test.
  package func isDefensive() throws -> Bool {
    try writer().writeWithoutTransaction { db in
      do {
        try db.execute(sql: "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = sql WHERE 0")
        return false
      } catch is DatabaseError { return true }
    }
  }
}

/// Pauses between two transactions, so that another process that waits for the lock can get it.
package func yieldToOtherWriters() { usleep(1500) }
