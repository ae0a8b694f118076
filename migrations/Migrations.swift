// The migrations of a registry file, which are embedded in the binary.

/// A migration: a numbered SQL file of this folder, which changes the schema of a registry file.
package struct Migration: Sendable {
  package let number: Int
  package let name: String
  /// The SHA-256 of the text in hexadecimal digits. It is written here because every command compares it with the file.
  package let sha256: String
  private let bytes: [UInt8]

  /// All migrations in order. A test compares this list with the folder.
  package static let all = [
    Migration(
      number: 1, name: "v0001_runs", bytes: PackageResources.v0001_runs_sql,
      sha256: "e97ace06d0e8c23e6cd50c0b9dd92d0c50b367dc15f160bfb561cf08505e65b7"),
    Migration(
      number: 2, name: "v0002_years", bytes: PackageResources.v0002_years_sql,
      sha256: "a6e5164a4694408bc31d627f368786ee042fbf40fcc8029a3ab071ca0bd565a4"),
    Migration(
      number: 3, name: "v0003_terms", bytes: PackageResources.v0003_terms_sql,
      sha256: "837a2fe2b7b34bd72f3a19f8fb2590ff845d4900a9fb119cbeb6800affac501b"),
    Migration(
      number: 4, name: "v0004_details", bytes: PackageResources.v0004_details_sql,
      sha256: "ea676699ccec9d4206e0d65b041172cb2df75074f33ce6188818dd047bdc09ea"),
    Migration(
      number: 5, name: "v0005_diagnoses", bytes: PackageResources.v0005_diagnoses_sql,
      sha256: "3999701a3d5ba20c3334421b36c63e5df41186861b15e5fcdd8c2c5783eb6427"),
    Migration(
      number: 6, name: "v0006_orders", bytes: PackageResources.v0006_orders_sql,
      sha256: "606e5e5f56a2215bb416123eab3caab0061dcce51dfe8000ad8244ea9273f0d0"),
  ]

  private init(number: Int, name: String, bytes: [UInt8], sha256: String) {
    (self.number, self.name, self.bytes, self.sha256) = (number, name, bytes, sha256)
  }

  package var sql: String { String(decoding: bytes, as: UTF8.self) }
}
