// What a file is, from its first bytes, before SQLite sees it.

import Foundation
import Migrations

/// SQLite's header fields that mark a registry. The application id spells "WNIT".
enum RegistryFile {
  static let applicationID: Int32 = 0x574E_4954

  enum Kind {
    /// No file, or an empty one, which a create that was cut off can leave.
    case absent
    case registry
  }

  /// Looks at the first 100 bytes (SQLite's file format, section 1.3).
  ///
  /// - Throws: `StoreError` for anything that is neither absent nor a registry that this version can read.
  static func inspect(_ path: String) throws -> Kind {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else { return .absent }
    guard !isDirectory.boolValue else { throw StoreError.notARegistry(path: path, why: "it is a folder") }
    let file = try FileHandle(forReadingFrom: URL(filePath: path))
    defer { try? file.close() }
    let header = try file.read(upToCount: 100) ?? Data()
    if header.isEmpty { return .absent }
    guard header.count == 100, header.starts(with: Data("SQLite format 3\0".utf8)) else {
      throw StoreError.notARegistry(path: path, why: "it is not a SQLite database")
    }
    try check(applicationID: Int32(bitPattern: bigEndian(header, 68)), version: Int(bigEndian(header, 60)), path)
    return .registry
  }

  static func check(applicationID: Int32, version: Int, _ path: String) throws {
    guard applicationID == Self.applicationID else {
      throw StoreError.notARegistry(
        path: path, why: "it is a SQLite database of another application (application_id \(applicationID))")
    }
    guard version <= Migration.all.count else {
      throw StoreError.newerVersion(path: path, schema: version, known: Migration.all.count)
    }
    guard version >= 1 else { throw StoreError.notARegistry(path: path, why: "its user_version is \(version)") }
  }

  private static func bigEndian(_ data: Data, _ offset: Int) -> UInt32 {
    data[data.startIndex + offset..<data.startIndex + offset + 4].reduce(0) { $0 << 8 | UInt32($1) }
  }
}
