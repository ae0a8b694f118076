// The migrations of a registry file, which are embedded in the binary.

/// A migration: a numbered SQL file of this folder, which changes the schema of a registry file.
package struct Migration: Sendable {
  package let number: Int
  package let name: String
  package let sql: String

  /// All migrations in order. A test compares this list with the folder.
  package static let all = [
    Migration(number: 1, name: "v0001_runs", bytes: PackageResources.v0001_runs_sql),
    Migration(number: 2, name: "v0002_years", bytes: PackageResources.v0002_years_sql),
    Migration(number: 3, name: "v0003_terms", bytes: PackageResources.v0003_terms_sql),
    Migration(number: 4, name: "v0004_details", bytes: PackageResources.v0004_details_sql),
    Migration(number: 5, name: "v0005_diagnoses", bytes: PackageResources.v0005_diagnoses_sql),
  ]

  private init(number: Int, name: String, bytes: [UInt8]) {
    self.number = number
    self.name = name
    sql = String(decoding: bytes, as: UTF8.self)
  }
}
