// What marks a file as a registry.

import Foundation
import GRDB
import WinitMigrations

/// SQLite's header fields that mark a registry.
///
/// They are read through SQLite alone. Were the file opened and closed beside it, closing would drop the locks that
/// this process holds on it through another connection (POSIX advisory locks; "How to corrupt an SQLite database
/// file", section 2.2).
enum RegistryFile {
  /// The `application_id`; spells "WNIT".
  static let applicationID: Int32 = 0x574E_4954

  /// The schema's version; nil for a database with nothing in it, which a first create that was cut off leaves.
  ///
  /// - Throws: `StoreError` for another application's file or a newer version's.
  static func version(_ db: Database, path: String) throws -> Int? {
    // In one transaction, and so of one moment: another process may be making the registry right now.
    var (applicationID, version, tables): (Int32, Int, Int) = (0, 0, 0)
    func look() throws {
      applicationID = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
      version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
      tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
    }
    if db.isInsideTransaction {
      try look()
    } else {
      try db.inTransaction(.deferred) {
        try look()
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
      throw StoreError.notARegistry(path: path, why: "its user_version is \(version)")
    }
    return version
  }

  /// Whether there is a file with something in it.
  ///
  /// - Throws: `StoreError` where the path is a folder.
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

  /// Makes an empty file that its owner alone may read and write.
  ///
  /// It gets its name when it is closed: were it open here while another thread has it open through SQLite, closing it
  /// would drop that one's locks. Whoever is first makes it; the others find it.
  static func create(_ path: String) throws {
    let temporary = "\(path).\(UUID().uuidString.prefix(8)).tmp"
    let descriptor = Foundation.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw StoreError.cannotMake(path: path, why: String(cString: strerror(errno)))
    }
    close(descriptor)
    defer { unlink(temporary) }
    if link(temporary, path) == 0 || errno == EEXIST { return }
    // A file system without links, where a rename might replace what another has just made, so SQLite makes the file.
  }
}
