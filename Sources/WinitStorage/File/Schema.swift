// The schema of a file, which is compared with the schema that the migrations create.

import GRDB
package import WinitCore
import WinitMigrations

/// The tables, indices, triggers and views of a database.
package struct Schema {
  /// The SQL of each definition, by its kind and name (`table runs`).
  private let objects: [String: String]

  /// The `digest` of the schema that all migrations create. A test compares it with the migrations.
  package static let currentDigest = "0fade1d4cf98332d46aee13d1263aac4f91cd161d779cc89e4dd4ac98d500225"

  /// The SHA-256 of all definitions, ordered by kind and name.
  package var digest: SHA256Digest {
    let lines = objects.sorted { $0.key < $1.key }.map { "\($0.key)\n\($0.value)\n" }
    return SHA256Digest(of: lines.joined().utf8)
  }

  init(_ db: Database) throws {
    // The tables in which `ANALYZE` stores statistics are allowed.
    let rows = try Row.fetchAll(
      db, sql: "SELECT type, name, sql FROM sqlite_schema WHERE name NOT GLOB 'sqlite_stat[0-9]'")
    objects = try Dictionary(
      rows.map { row in
        let sql = try row.value("sql", String?.self) ?? ""
        return ("\(try row.value("type", String.self)) \(try row.value("name", String.self))", sql)
      },
      uniquingKeysWith: { $0 + "\n" + $1 })
  }

  /// Returns the schema that the migrations up to a version create.
  package static func ofVersion(_ version: Int) throws -> Schema {
    try DatabaseQueue().write { db in
      try Store.migrate(db, from: 0, to: version)
      return try Schema(db)
    }
  }

  /// Returns the first difference from another schema; nil if the two are equal.
  func difference(from expected: Schema) -> String? {
    // Tables first: if a table is missing, its indices and triggers are missing too.
    let kinds = ["table", "index", "trigger"]
    func rank(_ object: String) -> Int { kinds.firstIndex { object.hasPrefix($0) } ?? kinds.count }
    for (object, sql) in expected.objects.sorted(by: { (rank($0.key), $0.key) < (rank($1.key), $1.key) }) {
      guard let found = objects[object] else { return "\(object) is missing" }
      if !found.utf8.elementsEqual(sql.utf8) { return "\(object) has an unexpected definition" }
    }
    let unexpected = objects.keys.filter { expected.objects[$0] == nil }.sorted()
    return unexpected.first.map { "\($0) is unexpected" }
  }
}
