// The migrations of a registry file, embedded in the binary, so that it needs no files beside it.

/// A migration: a numbered SQL file of this folder.
package struct Migration: Sendable {
  package let number: Int
  package let name: String
  package let sql: String

  /// All of them, in order. A test compares the list with the folder.
  package static let all = [
    Migration(number: 1, name: "v0001_runs", bytes: PackageResources.v0001_runs_sql),
    Migration(number: 2, name: "v0002_years", bytes: PackageResources.v0002_years_sql),
    Migration(number: 3, name: "v0003_terms", bytes: PackageResources.v0003_terms_sql),
  ]

  private init(number: Int, name: String, bytes: [UInt8]) {
    self.number = number
    self.name = name
    sql = String(decoding: bytes, as: UTF8.self)
  }
}
