// The tables that are salvaged, recognized by the types of their records.

/// The tables whose rows are salvaged. Everything else in a registry follows from them, or can be lost without harm.
enum SalvagedTable {
  case migrations, manifests, runs, tensors, chunks, history, names, tags, aliases, diagnoses
  /// Indices, whose entries hold a part of a row that is lost.
  case runsByVersion, runsByUID, runsByTime, runsByManifest, manifestsByDigest
  /// The chunks of tensors, which show whether the bytes of a run are stored.
  case tensorChunks

  /// Whether the page of a record must be known to be one of this table or index. The rows themselves prove nothing.
  var needsName: Bool { [.runsByManifest, .runsByVersion, .runsByTime, .tensorChunks].contains(self) }

  /// The name of the table or the index in the schema, where the types of its records do not tell it from others.
  var name: String? {
    switch self {
    case .tags: "tags"
    case .aliases: "aliases"
    case .runsByManifest: "runs_by_manifest"
    case .runsByVersion: "sqlite_autoindex_runs_1"
    case .runsByUID: "runs_by_uid"
    case .runsByTime: "runs_by_time"
    case .tensorChunks: "tensor_chunks"
    default: nil
    }
  }

  /// The names of other tables and indices whose records have the same types.
  private var similarNames: Set<String> {
    switch self {
    case .tags: ["aliases_by_run", "words_by_run"]
    case .aliases: ["tags_by_value", "run_terms", "words"]
    case .runsByUID: ["history_by_run"]
    default: []
    }
  }

  /// Whether the content of a page shows well enough that its rows are of this table, where the b-tree that reaches the
  /// page is one of a similar table.
  var isFoundInOthers: Bool { self == .tags || self == .aliases }

  /// Returns what the name of the b-tree that reaches a page says about rows of this table in the page.
  func claim(of owner: String?) -> DamagedPages.Claim {
    guard let owner else { return .none }
    guard let name, name != owner else { return .own }
    return similarNames.contains(owner) ? .other : .none
  }

  /// Returns the table that has records of these types; nil if there is none.
  ///
  /// A table of SQLite has records of the columns in their order, where the id of the row is null. A table without
  /// rowid is an index, with its key first. Records of the tables of earlier schemas have fewer columns at the end.
  init?(_ types: [RecordType], isTable: Bool) {
    func text(_ range: Range<Int>) -> Bool { types[range].allSatisfy(\.isText) }
    func optionalText(_ range: Range<Int>) -> Bool { types[range].allSatisfy { $0.isText || $0 == .null } }
    func integers(_ range: Range<Int>) -> Bool { types[range].allSatisfy(\.isInteger) }
    if isTable {
      guard types.first == .null else { return nil }
      switch types.count {
      case 4:
        if types[1] == .blob(32), types[2].isInteger, case .blob = types[3] { self = .chunks; return }
        if text(1..<4) { self = .migrations; return }
      case 5 where types[1] == .blob(32) && types[2] == .blob(32) && text(3..<5): self = .manifests; return
      case 5 where types[1].isInteger && text(2..<5): self = .diagnoses; return
      case 7 where text(1..<3) && optionalText(3..<5) && text(5..<7): self = .history; return
      case 11, 12:
        if integers(1..<3), text(3..<9), types[9] == .blob(32), case .blob = types[10], optionalText(11..<types.count) {
          self = .tensors
          return
        }
        fallthrough
      case 12...21:
        if types.count >= 12, types[1].isText, integers(2..<4), types[4].isText, integers(5..<9), text(9..<12) {
          self = .runs
          return
        }
      default: break
      }
      return nil
    }
    guard types.count == 3 else {
      guard types.count == 2, types[1].isInteger else { return nil }
      switch types[0] {
      case .text(32): self = .runsByUID
      case .blob(32): self = .manifestsByDigest
      case .integer: self = .runsByManifest
      default: return nil
      }
      return
    }
    switch (types[0], types[1], types[2]) {
    case (.text, .integer, .null), (.text, .integer, .text): self = .names
    case (.text, .integer, .integer): self = .runsByVersion
    case (.integer, .text, .text): self = .tags
    case (.text, .text, .integer): self = .aliases
    case (.null, .text, .integer): self = .runsByTime
    case (.integer, .integer, .integer): self = .tensorChunks
    default: return nil
    }
  }
}
