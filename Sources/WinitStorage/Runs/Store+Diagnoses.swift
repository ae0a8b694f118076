// The diagnoses that are kept with runs. They are not part of a run's identity.

import Foundation
import GRDB

/// A diagnosis that is kept with a run.
package struct DiagnosisRecord: Sendable {
  /// What was diagnosed. A run keeps at most one diagnosis of each kind.
  package enum Kind: String, Sendable {
    /// The weights of the run.
    case weights
    /// The model that had these weights, which Python ran.
    case model
  }

  package let kind: Kind
  /// The time of the diagnosis: UTC, ISO 8601.
  package let madeAt: String
  /// The document, as JSON.
  package let json: String

  package init(_ kind: Kind, madeAt: String, json: String) {
    (self.kind, self.madeAt, self.json) = (kind, madeAt, json)
  }

  /// The maximum size of a document, in bytes.
  package static let limit = 1 << 26
}

extension Store {
  /// The SQL condition of a row of `diagnoses`, joined with `runs` and `manifests`, whose document is not one of the
  /// run: it is of an unknown kind, is too large, is no JSON, has no known schema, names the id of another run, or has
  /// no time.
  static let isForeignDiagnosis = """
    CASE WHEN diagnoses.kind NOT IN ('weights', 'model') OR length(diagnoses.json) > \(DiagnosisRecord.limit)
      OR NOT json_valid(diagnoses.json) THEN 1
    ELSE coalesce(json_extract(diagnoses.json, '$.schema'), '') NOT GLOB 'winit-diagnosis/[0-9]*'
      OR json_extract(diagnoses.json, '$.subject.id') IS NOT 'sha256:' || lower(hex(manifests.digest))
      OR made_at NOT GLOB '\(timePattern)' END
    """

  /// Keeps a diagnosis with a run in one transaction. It replaces the kept diagnosis of the same kind.
  ///
  /// - Throws: `StoreError.gone` if the run was collected meanwhile.
  package func keep(_ diagnosis: DiagnosisRecord, with run: RunRecord, _ event: Event) throws -> RunRecord {
    try write { db in
      let current = try self.reload(run, db)
      try self.insert(diagnosis, of: current.rowID, db)
      try self.record(event, current, db)
      // The document that was replaced may have left pages.
      try self.freeSpace(db)
      return current
    }
  }

  /// Inserts a diagnosis of a run, or replaces that of the same kind.
  func insert(_ diagnosis: DiagnosisRecord, of run: Int64, _ db: Database) throws {
    try db.execute(
      sql: """
        INSERT INTO diagnoses (run, kind, made_at, json) VALUES (?, ?, ?, ?)
        ON CONFLICT (run, kind) DO UPDATE SET made_at = excluded.made_at, json = excluded.json
        """, arguments: [run, diagnosis.kind.rawValue, diagnosis.madeAt, diagnosis.json])
  }

  /// Returns the kept diagnoses of a run, that of the weights first. Leaves out documents that are too large.
  package func diagnoses(of run: RunRecord) throws -> [DiagnosisRecord] {
    try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT kind, made_at, json FROM diagnoses
          WHERE run = ? AND length(json) <= ? AND kind IN ('weights', 'model') ORDER BY kind DESC LIMIT 2
          """, arguments: [try self.reload(run, db).rowID, DiagnosisRecord.limit]
      ).map { row in
        DiagnosisRecord(try Store.kind(row), madeAt: try row.value("made_at"), json: try row.value("json"))
      }
    }
  }

  /// Returns the kinds of the kept diagnoses of a run and their times, without reading the documents.
  package func diagnosisTimes(of run: RunRecord) throws -> [(kind: DiagnosisRecord.Kind, madeAt: String)] {
    try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT kind, made_at FROM diagnoses WHERE run = ? AND kind IN ('weights', 'model') ORDER BY kind DESC LIMIT 2
          """,
        arguments: [try self.reload(run, db).rowID]
      ).map { (try Store.kind($0), try $0.value("made_at")) }
    }
  }

  /// Deletes the kept diagnosis of a kind.
  package func deleteDiagnosis(_ kind: DiagnosisRecord.Kind, of run: RunRecord) throws {
    try write { db in
      try db.execute(
        sql: "DELETE FROM diagnoses WHERE run = ? AND kind = ?",
        arguments: [try self.reload(run, db).rowID, kind.rawValue])
    }
  }

  private static func kind(_ row: Row) throws -> DiagnosisRecord.Kind {
    // The queries ask for no other kind.
    DiagnosisRecord.Kind(rawValue: try row.value("kind", String.self)) ?? .weights
  }
}
