// What is wrong with a registry file that cannot be opened.

extension StoreError {
  /// Whether a repair may salvage runs from the file.
  package var isSalvageable: Bool {
    switch self {
    case .damaged, .changedSchema, .changedMigration: true
    default: false
    }
  }
}

extension Store {
  /// Opens a file, and explains why it cannot be opened: SQLite only says that it is malformed, or not a database.
  static func explainingDamage<T>(_ path: String, _ open: () throws -> T) throws -> T {
    do { return try open() } catch let error as StoreError { throw damage(of: path, error) ?? error }
  }

  /// Returns a better error for a file that is cut short, or whose first page is damaged; nil for other errors.
  private static func damage(of path: String, _ error: StoreError) -> StoreError? {
    switch error {
    case .damaged, .notARegistry, .noRegistry, .changedSchema, .newerVersion: break
    default: return nil
    }
    guard let raw = try? RawFile(path), let size = try? raw.byteCount(), size > 0 else { return nil }
    let file = PageFile(byteCount: size) { raw.bytes(at: $0, count: $1) }
    if let recorded = file.recordedPageCount, recorded * file.pageSize > size, file.isRegistry {
      return .damaged(
        path: path,
        what:
          "the end of the file is missing: it has \(size) bytes of the \(recorded * file.pageSize) that it should have")
    }
    guard file.isRegistry else { return nil }
    switch error {
    case .notARegistry(_, let why): return .damaged(path: path, what: "its first page is damaged: \(why)")
    case .newerVersion(_, let schema, let known) where file.hasMigrations(upTo: known):
      return .damaged(
        path: path, what: "its first page is damaged: the schema is \(known) by its migrations, and not \(schema)")
    case .noRegistry: return .damaged(path: path, what: "its first page is damaged: it lists no tables")
    default: return nil
    }
  }
}
