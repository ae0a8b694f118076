// Which file a connection has open, whatever its path names later.

import CWinitStorage
import Foundation
import GRDB

/// The identity of an open registry file. No other file has it as long as the file is open.
struct FileIdentity: Equatable {
  private let device: UInt64
  private let file: UInt64

  /// Returns the identity of the file that a connection has open; nil if its path names another file now.
  init?(of queue: DatabaseQueue, _ path: String) throws {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    // After the look at the path: if the connection's file still has the path, the look was at this file.
    let hasMoved = try queue.read { winit_sqlite_has_moved(UnsafeMutableRawPointer($0.sqliteConnection)) != 0 }
    guard !hasMoved else { return nil }
    (device, file) = (UInt64(truncatingIfNeeded: status.st_dev), UInt64(truncatingIfNeeded: status.st_ino))
  }
}
