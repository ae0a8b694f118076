// The marks that identify a file as a registry, and the creation of the file.

import CWinitStorage
import Foundation
import GRDB
import WinitFiles
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
    var (applicationID, version, isEmpty): (Int32, Int, Bool) = (0, 0, false)
    func readMarks() throws {
      applicationID = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
      version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
      guard applicationID == 0, version == 0 else { return }
      isEmpty = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") == 0
    }
    if db.isInsideTransaction {
      try readMarks()
    } else {
      try db.inTransaction(.deferred) {
        try readMarks()
        return .commit
      }
    }
    if isEmpty { return nil }
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
  /// - Throws: `StoreError` if the path is empty or is a folder, if its folder does not exist, or if the user may not
  ///   search its folder.
  static func exists(_ path: String) throws -> Bool {
    guard !path.isEmpty else { throw StoreError.notARegistry(path: "``", why: "the path is empty") }
    var status = stat()
    guard stat(path, &status) == 0 else {
      guard errno == ENOENT || errno == ENOTDIR else { throw StoreError.unreachable(path, errno) }
      let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
      guard FileManager.default.fileExists(atPath: folder) else {
        throw StoreError.noFolder(path: path)
      }
      return false
    }
    let kind = status.st_mode & S_IFMT
    guard kind != S_IFDIR else { throw StoreError.notARegistry(path: path, why: "it is a folder") }
    // Opening a pipe would wait for a writer.
    guard kind == S_IFREG else { throw StoreError.notARegistry(path: path, why: "it is a pipe or a device") }
    return status.st_size != 0
  }

  /// Returns the absolute path of a file, without links; the path itself if there is no such file.
  static func resolved(_ path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// Returns the path at which a file is created: where a link to a file that does not exist leads.
  ///
  /// - Throws: `StoreError.cannotMake` if links lead in a circle.
  private static func target(of path: String) throws -> String {
    var target = path
    for _ in 0..<40 {
      var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
      let count = readlink(target, &bytes, bytes.count)
      guard count >= 0 else { return target }
      guard let link = String(validating: bytes[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self) else {
        throw StoreError.cannotMake(path: path, why: "it is a link to a path that is not UTF-8")
      }
      let folder = target.utf8.lastIndex(of: UInt8(ascii: "/")).map {
        String(decoding: target.utf8[...$0], as: UTF8.self)
      }
      target = link.hasPrefix("/") ? link : (folder ?? "") + link
    }
    throw StoreError.cannotMake(path: path, why: String(cString: strerror(ELOOP)))
  }

  /// Creates an empty file that only its owner, or its owner and its group, can read and write. Does nothing if another
  /// process has created it first.
  ///
  /// The file gets its name after it is closed. If the file were open here while another thread has it open through
  /// SQLite, closing it would drop the locks of that thread.
  static func create(_ path: String, for users: RegistryUsers) throws {
    try users.check(folderOf: path)
    let target = try target(of: path)
    #if os(Linux)
      // Creates the file without opening it.
      if mknod(target, S_IFREG | users.mode, 0) == 0 {
        // The umask of the process does not count. A file system without modes refuses this.
        guard chmod(target, users.mode) == 0 || users == .owner else {
          let code = errno
          unlink(target)
          throw StoreError.cannotMake(path: path, why: String(cString: strerror(code)))
        }
        return
      }
      if errno == EEXIST { return }
    #endif
    let temporary = "\(target).\(UUID().uuidString.prefix(8)).tmp"
    let descriptor = Foundation.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, users.mode)
    guard descriptor >= 0 else {
      let reason = String(cString: strerror(errno))
      throw StoreError.cannotMake(path: path, why: MissingPermission.ofCreator(path)?.description ?? reason)
    }
    let code = fchmod(descriptor, users.mode) == 0 ? 0 : errno
    close(descriptor)
    defer { unlink(temporary) }
    guard code == 0 || users == .owner else {
      throw StoreError.cannotMake(path: path, why: String(cString: strerror(code)))
    }
    if link(temporary, target) == 0 || errno == EEXIST { return }
    // The file system has no hard links.
    if winit_rename_if_absent(temporary, target) == 0 || errno == EEXIST { return }
    // A rename could replace a file that another process has just created, so SQLite creates the file.
  }

  /// Removes a registry without runs, which this process has just created for a run that could not be recorded.
  ///
  /// Another process that has the file open cannot write any more: SQLite sees that the file has lost its name.
  ///
  /// - Parameter lease: the lease of the run, whose chunks are removed with the file.
  /// - Returns: whether the file was removed. It stays if another process adds runs to it, or if it cannot be locked.
  @discardableResult
  static func removeIfUnused(_ path: String, _ lease: Lease? = nil) -> Bool {
    var configuration = Configuration()
    configuration.busyMode = .timeout(1)
    configuration.prepareDatabase { db in
      _ = winit_sqlite_harden(UnsafeMutableRawPointer(db.sqliteConnection), Store.maximumValueSize)
    }
    guard FileManager.default.fileExists(atPath: path) else { return false }
    let opened = try? Store.throughGuard(.existing, attaching: false) {
      try DatabaseQueue(path: path.hasPrefix("/") ? path : "./" + path, configuration: configuration)
    }
    guard let queue = opened else { return false }
    var isRemoved = false
    try? queue.writeWithoutTransaction { db in
      try db.inTransaction(.exclusive) {
        // Another process can have removed this file, and put a registry with runs in its place. While the lock is held
        // here, no other process removes the file.
        guard winit_sqlite_has_moved(UnsafeMutableRawPointer(db.sqliteConnection)) == 0,
          let path = try String.fetchOne(db, sql: "SELECT file FROM pragma_database_list WHERE name = 'main'")
        else { return .rollback }
        let tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
        let used = """
          SELECT EXISTS (SELECT 1 FROM runs) OR EXISTS (SELECT 1 FROM history)
          OR EXISTS (SELECT 1 FROM leases WHERE id IS NOT ?)
          """
        if try tables == 0 || Bool.fetchOne(db, sql: used, arguments: [lease?.id]) == false {
          isRemoved = unlink(path) == 0
          unlink(path + "-journal")
        }
        return .rollback
      }
    }
    return isRemoved
  }
}
