// Checks of rows of a foreign registry that the values read from them cannot show.

import GRDB

extension Store {
  /// Returns which value of the rows of a run this software never writes: a text with the character U+0000, at which
  /// reading it would end; a git checkout that is not an object; references to the bytes of a recipe-only run; or
  /// a kept diagnosis that is not one of this run.
  /// Returns nil if there is none.
  package func foreignValue(in run: RunRecord) throws -> String? {
    let row = run.rowID
    let zeros = ["name", "tool_version", "experiment", "note", "parent", "created_at"].map { "instr(\($0), char(0))" }
    let checks: [(what: String, sql: String)] = [
      ("text: it contains the character U+0000", "SELECT \(zeros.joined(separator: " OR ")) FROM runs WHERE id = ?"),
      (
        "name of a tensor: the name of a tensor cannot contain the character U+0000",
        "SELECT EXISTS (SELECT 1 FROM tensors WHERE run = ? AND instr(name, char(0)))"
      ),
      (
        "git checkout",
        """
        SELECT git IS NOT NULL AND CASE WHEN json_valid(git) THEN json_type(git, '$.commit') IS NOT 'text' ELSE 1 END
        FROM runs WHERE id = ?
        """
      ),
      (
        "storage: it is recipe-only, and has references to stored bytes of recipes",
        """
        SELECT EXISTS (
          SELECT 1 FROM runs JOIN tensors ON tensors.run = runs.id JOIN tensor_chunks ON tensor = tensors.id
          WHERE runs.id = ? AND stored = 0
            AND NOT instr(law, '"literal"') AND NOT instr(law, '"same_as"') AND NOT instr(law, '"norm_of"'))
        """
      ),
      (
        "kept diagnosis: it is not readable, or is about another run",
        """
        SELECT EXISTS (
          SELECT 1 FROM runs JOIN manifests ON manifests.id = runs.manifest JOIN diagnoses ON diagnoses.run = runs.id
          WHERE runs.id = ? AND \(Store.isForeignDiagnosis))
        """
      ),
    ]
    return try read { db in
      try checks.first { try Bool.fetchOne(db, sql: $0.sql, arguments: [row]) ?? false }?.what
    }
  }
}
