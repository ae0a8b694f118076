// Inconsistencies between rows, and their repair.

import GRDB

/// Rows that contradict other rows, in a way that no statement of this software causes.
private struct Inconsistency {
  /// Describes the rows, after their number.
  let what: String
  /// The SQL that counts the rows.
  let count: String
  /// The SQL statements that repair the rows without loss; nil if the right values are unknown.
  let repair: [String]?
}

private let knownInconsistencies = [
  Inconsistency(
    what: "aliases of a run that does not exist, is deleted, or has another name",
    count: "SELECT count(*) FROM aliases WHERE \(isStrayAlias)",
    repair: ["DELETE FROM aliases WHERE \(isStrayAlias)"]),
  Inconsistency(
    what: "names whose last version is not recorded, or is recorded too low",
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
  Inconsistency(
    what: "references to chunks from a tensor that does not exist, has no such position, or is not stored",
    count: "SELECT count(*) FROM tensor_chunks WHERE \(isStrayReference)",
    repair: ["DELETE FROM tensor_chunks WHERE \(isStrayReference)"]),
  Inconsistency(
    what: "tags of a run that does not exist", count: "SELECT count(*) FROM tags WHERE \(isStrayTag)",
    repair: ["DELETE FROM tags WHERE \(isStrayTag)"]),
  Inconsistency(
    what: "diagnoses of a run that does not exist", count: "SELECT count(*) FROM diagnoses WHERE \(isStrayDiagnosis)",
    repair: ["DELETE FROM diagnoses WHERE \(isStrayDiagnosis)"]),
  Inconsistency(
    what: "kept diagnoses that are not readable, or are about another run",
    count: "SELECT count(*) FROM diagnoses WHERE \(isForeignDiagnosis)",
    // A diagnosis can be made again. The right text of a damaged one is unknown.
    repair: ["DELETE FROM diagnoses WHERE \(isForeignDiagnosis)"]),
  Inconsistency(
    what: "search terms that are missing, or that do not occur in their run",
    count: """
      SELECT count(*) FROM (
        \(difference("run_terms", "(\(Store.terms()))")) UNION ALL \(difference("(\(Store.terms()))", "run_terms")))
      """,
    repair: ["DELETE FROM run_terms", "INSERT INTO run_terms SELECT * FROM (\(Store.terms()))"]),
  Inconsistency(
    what: "claims of leases to chunks, where the lease or the chunk does not exist",
    count: "SELECT count(*) FROM lease_chunks WHERE \(isStrayLeaseEntry)",
    repair: ["DELETE FROM lease_chunks WHERE \(isStrayLeaseEntry)"]),
  Inconsistency(
    what: "tensors of a run that does not exist",
    count: "SELECT count(*) FROM tensors WHERE NOT EXISTS (SELECT 1 FROM runs WHERE runs.id = tensors.run)",
    repair: nil),
  Inconsistency(
    what: "runs whose manifest does not exist",
    count: "SELECT count(*) FROM runs WHERE NOT EXISTS (SELECT 1 FROM manifests WHERE manifests.id = runs.manifest)",
    repair: nil),
  Inconsistency(
    what: "runs whose time of creation or deletion is not a time",
    count: """
      SELECT count(*) FROM runs WHERE created_at NOT GLOB '\(timePattern)' OR deleted_at NOT GLOB '\(timePattern)'
      """,
    repair: nil),
]

/// The GLOB pattern of the times in a registry, such as 2026-11-24T10:00:00Z. Times are ordered as text, which needs
/// this form.
let timePattern =
  "[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z"

private let isStrayAlias = """
  NOT EXISTS (
    SELECT 1 FROM runs WHERE runs.id = aliases.run AND runs.name = aliases.name AND deleted_at IS NULL)
  """

/// A run without stored bytes still stores those that its recipes do not give: literals, and what takes its values or its
/// norm from a literal.
private let isStrayReference = """
  NOT EXISTS (
    SELECT 1 FROM tensors JOIN runs ON runs.id = tensors.run
    WHERE tensors.id = tensor AND 32 * tensor_chunks.position < length(chunk_digests) AND tensor_chunks.position >= 0
    AND (runs.stored = 1 OR instr(law, '"literal"') OR instr(law, '"same_as"') OR instr(law, '"norm_of"')))
  """

private let isStrayTag = "NOT EXISTS (SELECT 1 FROM runs WHERE runs.id = tags.run)"

private let isStrayDiagnosis = "NOT EXISTS (SELECT 1 FROM runs WHERE runs.id = diagnoses.run)"

/// A kept diagnosis names the id of its run. A later version may write a document with another number.
private let isForeignDiagnosis = """
  EXISTS (
    SELECT 1 FROM runs JOIN manifests ON manifests.id = runs.manifest
    WHERE runs.id = diagnoses.run AND \(Store.isForeignDiagnosis))
  """

private let isStrayLeaseEntry = """
  NOT EXISTS (SELECT 1 FROM leases WHERE leases.id = lease)
  OR NOT EXISTS (SELECT 1 FROM chunks WHERE chunks.id = chunk)
  """

/// Returns a query for the terms that are in one table and not in another. A query in parentheses stands for a table.
private func difference(_ table: String, _ other: String) -> String {
  "SELECT * FROM (SELECT kind, term, run FROM \(table) EXCEPT SELECT kind, term, run FROM \(other))"
}

extension Store {
  /// Returns a query for the search terms of runs, from their tensors. The migration that created the table of terms
  /// contains the same query.
  static func terms(of table: String = "tensors", where condition: String = "1") -> String {
    """
    SELECT 'dtype' AS kind, dtype AS term, run FROM \(table) WHERE \(condition)
    UNION
    SELECT 'scheme', part.atom, run FROM \(table) AS tensors, json_tree(tensors.scheme) AS part
    WHERE \(condition) AND part.key IN ('scheme', 'alias', 'picked') AND part.type = 'text'
    """
  }

  /// Returns a description of each kind of inconsistency between rows that occurs, with the number of rows.
  package func inconsistencies() throws -> [String] {
    try read { db in
      try knownInconsistencies.compactMap { inconsistency in
        let count = try Int.fetchOne(db, sql: inconsistency.count) ?? 0
        return count == 0 ? nil : "\(count) \(inconsistency.what)"
      }
    }
  }

  /// Repairs the inconsistencies that have a repair, in one transaction.
  package func repairInconsistencies() throws {
    try write { db in
      for inconsistency in knownInconsistencies {
        for sql in inconsistency.repair ?? [] where try Int.fetchOne(db, sql: inconsistency.count) ?? 0 > 0 {
          try db.execute(sql: sql)
        }
      }
    }
  }
}
