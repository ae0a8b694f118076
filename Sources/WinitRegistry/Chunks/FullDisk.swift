// Errors of files that SQLite writes: the path that the user gave, and on a full disk the bytes that are missing.

import Foundation
import WinitFiles
import WinitStorage

/// Runs a body that writes an SQLite file. If the disk is full, the error names the path and the bytes that are missing.
///
/// - Parameters:
///   - path: the path that the user gave. The file itself may have a temporary path until it is complete.
///   - needed: the bytes that are still to be written; nil if that is not known.
func namingFullDisk<Result>(
  _ path: String, needed: @autoclosure () -> Int? = nil, _ body: () throws -> Result
) throws -> Result {
  do { return try body() } catch let error as StoreError where error.isDiskFull {
    let reason = DiskSpace.reason(ENOSPC, needed: needed(), space: DiskSpace(at: path)) ?? "the disk is full"
    throw RegistryError(.io, "cannot write \(path): \(reason)", subject: path, underlying: error)
  }
}

/// Runs a body that writes an SQLite file with a temporary path. Errors of SQLite name the path that the user gave.
func naming<Result>(_ path: String, inPlaceOf temporary: String, _ body: () throws -> Result) throws -> Result {
  do { return try body() } catch let error as StoreError {
    let renamed: StoreError =
      switch error {
      case .sqlite(temporary, let code, let message): .sqlite(path: path, code: code, message: message)
      case .cannotMake(temporary, let why): .cannotMake(path: path, why: why)
      case .damaged(temporary, let what): .damaged(path: path, what: what)
      default: error
      }
    throw renamed
  }
}
