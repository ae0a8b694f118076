// The opening of a registry file through the guard of CWinitStorage.h.

import CWinitStorage
import Foundation
import GRDB
import WinitCore
import WinitMigrations

extension Store {
  /// Opens a file for reading. If it has an older schema, or if the journal of a killed writer must be rolled back,
  /// opens it for writing before. A file that cannot be migrated is read as it is, if its schema allows that.
  static func readerAfterRecovery(
    _ path: String, _ waiter: LockWaiter
  ) throws -> (reader: DatabaseQueue, identity: FileIdentity?) {
    var (tries, oldestSchema) = (0, Migration.all.count)
    while true {
      do {
        let reader = try connect(path, .reading, waiter, oldestSchema: oldestSchema)
        return (reader, try FileIdentity(of: reader, path))
      } catch let error as StoreError {
        tries += 1
        switch error {
        case .needsRollback where tries < maximumRecoveries:
          try connect(path, .existing, LockWaiter(path)).close()
        case .olderVersion(_, let schema) where tries < maximumRecoveries && oldestSchema > oldestReadableSchema:
          let isReadable = schema >= oldestReadableSchema
          do {
            // A file that can be read as it is must not wait for other processes, nor keep them waiting.
            var context = OperationContext.current
            if isReadable { context.lockTimeout = .zero }
            try OperationContext.$current.withValue(context) { try connect(path, .existing, LockWaiter(path)).close() }
          } catch let problem as StoreError {
            // The migration failed: the file is locked, the user may not write the file, its rows are damaged, or the
            // disk is full. Read the file as it is.
            guard isReadable else { throw problem }
            oldestSchema = oldestReadableSchema
          }
        default: throw error
        }
      }
    }
  }

  /// Opens a connection, and checks the schema of the file.
  ///
  /// - Parameters:
  ///   - waiter: waits for locks; it must live as long as the connection.
  ///   - oldestSchema: the oldest schema of a file that is opened for reading.
  static func connect(
    _ path: String, _ access: Access, _ waiter: LockWaiter, oldestSchema: Int = Migration.all.count
  ) throws -> DatabaseQueue {
    try translatingErrors(path, waiter) {
      try TransactionGate.shared.transaction {
        let queue = try throughGuard(access, attaching: false) {
          // Always a path: never `:memory:`, never a `file:` URI.
          try DatabaseQueue(
            path: path.hasPrefix("/") ? path : "./" + path, configuration: configuration(path, access, waiter))
        }
        try checkSchema(queue, path, access, oldestSchema: oldestSchema)
        // SQLite reads the schema before it sets the size of the cache, so this comes after the check.
        if access == .reading { try queue.inDatabase(setCacheSize) }
        return queue
      }
    }
  }

  /// Opens a file of SQLite through the guard of CWinitStorage.h.
  static func throughGuard<T>(_ access: Access, attaching: Bool, _ body: () throws -> T) throws -> T {
    let kind =
      switch access {
      case .reading: WINIT_READING
      case .existing: WINIT_EXISTING
      case .creating: WINIT_CREATING
      case .foldingLog: WINIT_FOLDING_LOG
      }
    let code = winit_guard_begin(Int32(kind.rawValue), attaching ? 1 : 0, RollbackJournal.check)
    guard code == 0 else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
    defer { winit_guard_end() }
    return try body()
  }

  /// Attaches a file to a connection under a name. The file must exist.
  static func attach(_ path: String, as name: String, to db: Database, _ access: Access) throws {
    try throughGuard(access, attaching: true) {
      try db.execute(
        sql: "ATTACH DATABASE ? AS \(name)", arguments: [path.hasPrefix("/") ? path : "./" + path])
    }
  }
}
