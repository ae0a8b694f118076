// The marks that identify a file as a registry, and the creation of the file.

import Foundation
import GRDB
import WinitMigrations

/// The fields of SQLite's file header that mark a registry.
///
/// They are read only through SQLite. If this process opened and closed the file itself, closing the file would drop
/// the locks that the process holds on the file through an SQLite connection (POSIX advisory locks; "How to corrupt an
/// SQLite database file", section 2.2).
enum RegistryFile {
  /// The `application_id` of a registry: "WNIT" in ASCII.
  static let applicationID: Int32 = 0x574E_4954

  /// Returns the version of the schema; nil for an empty database, which a first create that was interrupted leaves.
  ///
  /// - Throws: `StoreError` if the file is from another application or from a newer version.
  static func version(_ db: Database, path: String) throws -> Int? {
    // One transaction, so that the three values belong together: another process may be creating the registry now.
    var (applicationID, version, tables): (Int32, Int, Int) = (0, 0, 0)
    func readMarks() throws {
      applicationID = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
      version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
      tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
    }
    if db.isInsideTransaction {
      try readMarks()
    } else {
      try db.inTransaction(.deferred) {
        try readMarks()
        return .commit
      }
    }
    if applicationID == 0, version == 0, tables == 0 { return nil }
    guard applicationID == Self.applicationID else {
      throw StoreError.notARegistry(
        path: path, why: "it is a SQLite database of another application (application_id \(applicationID))")
    }
    guard version <= Migration.all.count else {
      throw StoreError.newerVersion(path: path, schema: version, known: Migration.all.count)
    }
    guard version >= 1 else {
      throw StoreError.notARegistry(path: path, why: "its user_version \(version) is not the version of a schema")
    }
    return version
  }

  /// Returns whether there is a file at the path that is not empty.
  ///
  /// - Throws: `StoreError` if the path is empty or is a folder, or if its folder does not exist.
  static func exists(_ path: String) throws -> Bool {
    guard !path.isEmpty else { throw StoreError.notARegistry(path: "``", why: "the path is empty") }
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
      guard FileManager.default.fileExists(atPath: folder) else {
        throw StoreError.noFolder(path: path)
      }
      return false
    }
    guard !isFolder.boolValue else { throw StoreError.notARegistry(path: path, why: "it is a folder") }
    let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
    return size != 0
  }

  /// Creates an empty file that only its owner can read and write. Does nothing if another process has created it
  /// first.
  ///
  /// The file gets its name after it is closed. If the file were open here while another thread has it open through
  /// SQLite, closing it would drop the locks of that thread.
  static func create(_ path: String) throws {
    let temporary = "\(path).\(UUID().uuidString.prefix(8)).tmp"
    let descriptor = Foundation.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw StoreError.cannotMake(path: path, why: String(cString: strerror(errno)))
    }
    close(descriptor)
    defer { unlink(temporary) }
    if link(temporary, path) == 0 || errno == EEXIST { return }
    // The file system has no hard links. A rename could replace a file that another process has just created, so SQLite
    // creates the file.
  }
}
