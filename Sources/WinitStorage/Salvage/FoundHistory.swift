// The history of a damaged file.

import GRDB

/// The entries of the history that can be read.
struct FoundHistory {
  private var entries: [Int64: [RecordValue]] = [:]
  /// The uids of the runs that were collected, and not imported again later.
  private(set) var collected: Set<String> = []
  /// The references of all entries.
  private(set) var references: [String] = []
  /// The references of the runs that were not collected, as they were at their last entries, by their uids.
  private(set) var living: [String: String] = [:]

  /// The maximum number of an entry. A higher one, which only damage gives, would prevent later entries.
  private static let maximumNumber: Int64 = 1 << 53

  /// Creates an empty history.
  init() {}

  init(_ pages: DamagedPages) throws {
    var last: Int64?
    try pages.forEachRow(of: .history) { row in
      guard (1...FoundHistory.maximumNumber).contains(row.id), entries[row.id] == nil else { return }
      // Entries are only ever added. A free page with a later one was written by a commit that was not finished.
      if row.rank == .free {
        last = last ?? entries.keys.max() ?? .max
        guard row.id < last ?? .max else { return }
      }
      entries[row.id] = row.values
    }
    for (_, values) in entries.sorted(by: { $0.key < $1.key }) {
      guard let action = values[2].text, let reference = values[4].text else { continue }
      references.append(reference)
      guard let uid = values[3].text else { continue }
      if action == "collect" {
        collected.insert(uid)
        living[uid] = nil
      } else {
        collected.remove(uid)
        living[uid] = reference
      }
    }
  }

  /// Inserts the entries in their order.
  func copy(to db: Database) throws {
    let insert = try db.makeStatement(
      sql: "INSERT INTO history (id, at, action, run, reference, detail, actor) VALUES (?, ?, ?, ?, ?, ?, ?)")
    for (id, values) in entries.sorted(by: { $0.key < $1.key }) {
      _ = try db.inserts([.integer(id)] + values[1...], insert)
    }
  }
}
