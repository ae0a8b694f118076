// Names in a registry that begin with a text, for the completion of command lines.

import GRDB

extension Store {
  /// What a completion asks a registry for. Every list is in the order of its bytes, except where it says otherwise.
  package enum CompletedNames: Sendable {
    /// The names of runs that are not deleted.
    case runs
    /// The references `NAME:vN` of deleted runs.
    case deletedRuns
    /// The references `NAME:vN` of the runs of a name that are not deleted, newest first.
    case versions(name: String)
    /// The references `NAME:ALIAS` of the runs of a name.
    case aliases(name: String)
    /// The aliases of all runs.
    case allAliases
    /// The experiments of runs that are not deleted.
    case experiments
    /// The keys of tags.
    case tagKeys
    /// The ids of the runs that are not deleted, in hexadecimal digits; with a name, of the runs of this name.
    case ids(name: String?)
    /// The tensors of a run, in the order of the spec.
    case tensors(of: RunRecord)
  }

  /// Returns all names of a kind, or if they are more than `limit`, the first of those that begin with a text.
  package func names(_ kind: CompletedNames, startingWith prefix: String, limit: Int) throws -> [String] {
    try read { db in
      let (sql, arguments) = kind.selection
      let all = try String.fetchAll(
        db, sql: "SELECT text FROM (\(sql)) LIMIT ?", arguments: arguments + [limit + 1])
      if all.count <= limit { return all }
      // Compared as bytes: `substr` of two blobs counts bytes.
      return try String.fetchAll(
        db,
        sql: """
          SELECT text FROM (\(sql))
          WHERE substr(CAST(text AS BLOB), 1, length(CAST(? AS BLOB))) = CAST(? AS BLOB) LIMIT ?
          """, arguments: arguments + [prefix, prefix, limit])
    }
  }
}

extension Store.CompletedNames {
  /// The query that selects the names as `text`.
  fileprivate var selection: (sql: String, arguments: StatementArguments) {
    switch self {
    case .runs: ("SELECT DISTINCT name AS text FROM runs WHERE deleted_at IS NULL ORDER BY name", [])
    case .deletedRuns:
      ("SELECT name || ':v' || version AS text FROM runs WHERE deleted_at IS NOT NULL ORDER BY name, version", [])
    case .versions(let name):
      (
        """
        SELECT name || ':v' || version AS text FROM runs WHERE deleted_at IS NULL AND name = ? ORDER BY version DESC
        """, [name]
      )
    case .aliases(let name):
      ("SELECT name || ':' || alias AS text FROM aliases WHERE name = ? ORDER BY alias", [name])
    case .allAliases: ("SELECT DISTINCT alias AS text FROM aliases ORDER BY alias", [])
    case .experiments:
      (
        """
        SELECT DISTINCT experiment AS text FROM runs WHERE experiment IS NOT NULL AND deleted_at IS NULL
        ORDER BY experiment
        """, []
      )
    case .tagKeys: ("SELECT DISTINCT key AS text FROM tags ORDER BY key", [])
    case .ids(let name):
      (
        """
        SELECT DISTINCT lower(hex(manifests.digest)) AS text FROM runs JOIN manifests ON manifests.id = runs.manifest
        WHERE runs.deleted_at IS NULL AND coalesce(runs.name = ?, TRUE) ORDER BY text
        """, [name]
      )
    case .tensors(let run): ("SELECT name AS text FROM tensors WHERE run = ? ORDER BY position", [run.rowID])
    }
  }
}
