// The opening of a registry file through the guard of CWinitStorage.h.

import CWinitStorage
import Foundation
import GRDB
import WinitCore

extension Store {
  /// Opens a file for reading. If it needs a migration, or if the journal of a killed writer must be rolled back, opens
  /// it for writing before.
  static func readerAfterRecovery(
    _ path: String, _ waiter: LockWaiter
  ) throws -> (reader: DatabaseQueue, identity: FileIdentity?) {
    var tries = 0
    while true {
      do {
        let reader = try connect(path, .reading, waiter)
        return (reader, try FileIdentity(of: reader, path))
      } catch let error as StoreError {
        tries += 1
        switch error {
        case .needsRollback where tries < maximumRecoveries, .olderVersion where tries < maximumRecoveries:
          try connect(path, .existing, LockWaiter(path)).close()
        default: throw error
        }
      }
    }
  }

  /// Opens a connection, and checks the schema of the file.
  ///
  /// - Parameter waiter: waits for locks; it must live as long as the connection.
  static func connect(_ path: String, _ access: Access, _ waiter: LockWaiter) throws -> DatabaseQueue {
    try translatingErrors(path, waiter) {
      try TransactionGate.shared.transaction {
        let queue = try throughGuard(access, attaching: false) {
          // Always a path: never `:memory:`, never a `file:` URI.
          try DatabaseQueue(
            path: path.hasPrefix("/") ? path : "./" + path, configuration: configuration(path, access, waiter))
        }
        try checkSchema(queue, path, access)
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
