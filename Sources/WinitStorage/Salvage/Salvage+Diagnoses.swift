// The kept diagnoses of a damaged file.

import GRDB
import WinitCore

extension Salvage {
  /// Copies the diagnoses. A diagnosis names the id of its run, which proves that it belongs to the run. Of several for
  /// one run the newest counts, because a page that no tree reaches may hold one that was replaced.
  func copyDiagnoses(_ db: Database) throws {
    let insert = try db.makeStatement(
      sql: """
        INSERT INTO diagnoses (run, kind, made_at, json)
        SELECT runs.id, ?2, ?3, ?4 FROM runs JOIN manifests ON manifests.id = runs.manifest
        WHERE runs.id = ?1 AND json_extract(?4, '$.subject.id') = 'sha256:' || lower(hex(manifests.digest))
        ON CONFLICT (run, kind) DO UPDATE SET made_at = excluded.made_at, json = excluded.json
          WHERE excluded.made_at > diagnoses.made_at
        """)
    let isDocument = try db.makeStatement(
      sql: "SELECT length(?1) <= \(DiagnosisRecord.limit) AND json_valid(?1)")
    try pages.forEachRow(of: .diagnoses, upTo: .unreachable) { row in
      guard try Bool.fetchOne(isDocument, arguments: [row.values[4].databaseValue]) == true else { return }
      _ = try db.inserts(Array(row.values[1...]), insert)
    }
  }
}
