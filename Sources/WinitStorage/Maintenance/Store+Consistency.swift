// Rows that contradict others, and how they are set right.

import GRDB

/// A contradiction between rows that no statement of this software makes.
private struct Contradiction {
  /// What it is, for a person, after a number.
  let what: String
  /// Counts it.
  let count: String
  /// Sets it right without loss; nil where nobody can tell what would be right.
  let repair: [String]?
}

private let contradictions = [
  Contradiction(
    what: "aliases that stand for no run, a deleted one, or one of another name",
    count: "SELECT count(*) FROM aliases WHERE \(strayAlias)",
    repair: ["DELETE FROM aliases WHERE \(strayAlias)"]),
  Contradiction(
    what: "names whose versions are not counted to the last",
    count: """
      SELECT count(*) FROM (SELECT name, max(version) AS version FROM runs GROUP BY name) AS used
      WHERE NOT EXISTS (SELECT 1 FROM names WHERE names.name = used.name AND last_version >= used.version)
      """,
    repair: [
      """
      INSERT INTO names (name, last_version) SELECT name, max(version) FROM runs WHERE 1 GROUP BY name
      ON CONFLICT (name) DO UPDATE SET last_version = max(last_version, excluded.last_version)
      """
    ]),
  Contradiction(
    what: "places of tensors that have no such place, or whose bytes are not kept",
    count: "SELECT count(*) FROM tensor_chunks WHERE \(strayPlace)",
    repair: ["DELETE FROM tensor_chunks WHERE \(strayPlace)"]),
  Contradiction(
    what: "tags of no run", count: "SELECT count(*) FROM tags WHERE \(ofNoRun)",
    repair: ["DELETE FROM tags WHERE \(ofNoRun)"]),
  Contradiction(
    what: "schemes and dtypes that runs cannot be found by, or are found by wrongly",
    count:
      "SELECT count(*) FROM (\(misfiled("run_terms", but: Store.terms())) UNION ALL \(misfiled(Store.terms(), but: "run_terms")))",
    repair: ["DELETE FROM run_terms", "INSERT INTO run_terms SELECT * FROM (\(Store.terms()))"]),
  Contradiction(
    what: "chunks held by no lease", count: "SELECT count(*) FROM lease_chunks WHERE \(ofNoLease)",
    repair: ["DELETE FROM lease_chunks WHERE \(ofNoLease)"]),
  Contradiction(
    what: "tensors of no run",
    count: "SELECT count(*) FROM tensors WHERE NOT EXISTS (SELECT 1 FROM runs WHERE runs.id = tensors.run)",
    repair: nil),
  Contradiction(
    what: "runs of no manifest",
    count:
      "SELECT count(*) FROM runs WHERE NOT EXISTS (SELECT 1 FROM manifests WHERE manifests.id = runs.manifest)",
    repair: nil),
]

private let strayAlias = """
  NOT EXISTS (
    SELECT 1 FROM runs WHERE runs.id = aliases.run AND runs.name = aliases.name AND deleted_at IS NULL)
  """

private let strayPlace = """
  NOT EXISTS (
    SELECT 1 FROM tensors JOIN runs ON runs.id = tensors.run
    WHERE tensors.id = tensor AND 32 * tensor_chunks.position < length(chunk_digests) AND tensor_chunks.position >= 0
    AND (runs.stored = 1 OR instr(law, '"literal"') OR instr(law, '"same_as"')))
  """

private let ofNoRun = "NOT EXISTS (SELECT 1 FROM runs WHERE runs.id = tags.run)"
private let ofNoLease = """
  NOT EXISTS (SELECT 1 FROM leases WHERE leases.id = lease)
  OR NOT EXISTS (SELECT 1 FROM chunks WHERE chunks.id = chunk)
  """

/// The rows of a table, or of a query, that another has not.
private func misfiled(_ some: String, but others: String) -> String {
  func from(_ rows: String) -> String {
    "SELECT kind, term, run FROM \(rows == "run_terms" ? rows : "(\(rows))")"
  }
  return "SELECT * FROM (\(from(some)) EXCEPT \(from(others)))"
}

extension Store {
  /// What the runs can be found by, from their tensors; the migration that made the table says the same.
  static func terms(of table: String = "tensors", where condition: String = "1") -> String {
    """
    SELECT 'dtype' AS kind, dtype AS term, run FROM \(table) WHERE \(condition)
    UNION
    SELECT 'scheme', part.atom, run FROM \(table) AS tensors, json_tree(tensors.scheme) AS part
    WHERE \(condition) AND part.key IN ('scheme', 'alias', 'picked') AND part.type = 'text'
    """
  }

  /// The contradictions between rows.
  package func inconsistencies() throws -> [String] {
    try read { db in
      try contradictions.compactMap { contradiction in
        let count = try Int.fetchOne(db, sql: contradiction.count) ?? 0
        return count == 0 ? nil : "\(count) \(contradiction.what)"
      }
    }
  }

  /// Sets right what can be, all in one transaction.
  package func repairInconsistencies() throws {
    try write { db in
      for contradiction in contradictions {
        for sql in contradiction.repair ?? [] where try Int.fetchOne(db, sql: contradiction.count) ?? 0 > 0 {
          try db.execute(sql: sql)
        }
      }
    }
  }
}
