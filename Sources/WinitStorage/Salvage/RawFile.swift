// A registry file that is opened for its locks and its bytes, whatever it contains.

import CWinitStorage
import Foundation
import GRDB

/// A registry file, opened without a look at its content: a file that is cut short, or whose first page is lost, cannot
/// be opened as a database. Its locks are those of SQLite, so that they keep out the transactions of other processes.
package final class RawFile {
  package let path: String
  private let file: OpaquePointer
  private let waiter: LockWaiter

  /// Opens a file that exists. A file that this user cannot write is opened for reading.
  package init(_ path: String) throws {
    var file: OpaquePointer?
    // Through the guard, so that no other file is opened in its place.
    let code = try Store.throughGuard(.existing, attaching: false) {
      winit_raw_open(path.hasPrefix("/") ? path : "./" + path, &file)
    }
    guard let file else { throw RawFile.error(code, path) }
    (self.path, self.file, waiter) = (path, file, LockWaiter(path))
  }

  deinit { winit_raw_close(file) }

  /// Waits until no other process writes, then takes a lock that `unlock` and the end of this object drop. Waits as long
  /// as a transaction does, and ends at a request to stop.
  ///
  /// - Parameters:
  ///   - exclusively: whether other processes can neither read nor write meanwhile. Otherwise they can read.
  ///   - interruption: called while another process holds the lock. An error of it ends the wait.
  package func lock(exclusively: Bool, interruption: () throws -> Void) throws {
    do {
      var tries = 0
      while true {
        try waiter.check()
        let code = winit_raw_lock(file, exclusively ? 1 : 0)
        guard code != 0 else { return }
        let error = DatabaseError(resultCode: ResultCode(rawValue: code))
        guard error.resultCode == .SQLITE_BUSY else { throw StoreError(error, path: path) }
        try interruption()
        guard waiter.wait(tries: tries) else { throw waiter.translated(error) }
        tries += 1
      }
    } catch {
      unlock()
      throw error
    }
  }

  package func unlock() { winit_raw_unlock(file) }

  /// Whether the path no longer names this file.
  package var hasMoved: Bool { winit_raw_has_moved(file) != 0 }

  /// The size of the file.
  package func byteCount() throws -> Int {
    var size: Int64 = 0
    let code = winit_raw_size(file, &size)
    guard ResultCode(rawValue: code) == .SQLITE_OK else { throw RawFile.error(code, path) }
    return Int(size)
  }

  /// Returns bytes of the file. Bytes behind its end, and bytes that the disk cannot read, are zeros.
  package func bytes(at offset: Int, count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      buffer.initialize(repeating: 0)
      let code = winit_raw_read(file, buffer.baseAddress, Int32(count), Int64(offset))
      if ResultCode(rawValue: code) != .SQLITE_OK { buffer.update(repeating: 0) }
      initialized = count
    }
  }

  private static func error(_ code: Int32, _ path: String) -> StoreError {
    StoreError(DatabaseError(resultCode: ResultCode(rawValue: code)), path: path)
  }
}
