// The check of a rollback journal beside a registry.

import WinitStorage

extension FuzzTarget {
  /// The input is a journal beside a database of three pages of 512 bytes. The check reads only bytes that are there. A
  /// journal that ends in SQLite's mark is refused, and one that is not refused changes neither the page size nor the
  /// number of pages beyond what its copy of the first page says.
  static let journal = FuzzTarget("journal") { bytes in
    let database = Array("SQLite format 3\0".utf8) + [2, 0] + [UInt8](repeating: 0, count: 9) + [7]
    var outside: String?
    func read(_ offset: Int, _ count: Int) -> [UInt8] {
      guard offset >= 0, count >= 0, count <= bytes.count, offset <= bytes.count - count else {
        outside = "\(count) bytes are read at \(offset) of \(bytes.count)"
        return [UInt8](repeating: 0, count: max(0, count))
      }
      return Array(bytes[offset..<offset + count])
    }
    func number(_ offset: Int) -> Int { read(offset, 4).reduce(0) { $0 << 8 | Int($1) } }
    let problem = try withoutActuallyEscaping(read) { read in
      var journal = try RollbackJournal(
        size: bytes.count, read: read, databaseSize: 3 * 512,
        readDatabase: { offset, count in
          (offset..<offset + count).map { database.indices.contains($0) ? database[$0] : 0 }
        })
      return try journal.problem()
    }
    try expect(outside == nil, outside ?? "")
    let hasMark = bytes.count >= 28 && bytes.starts(with: RollbackJournal.mark)
    if bytes.count >= 16, bytes.suffix(8).elementsEqual(RollbackJournal.mark) {
      try expect(problem == .superJournal, "the journal may name a file")
    }
    if let problem { return .refused("\(problem)") }
    guard hasMark else { return .refused("ignored") }
    // A copy of the first page has SQLite's mark, so the journal holds that text.
    let holdsFirstPage =
      bytes.count >= 28 + 16 + 8
      && bytes.indices.dropLast(15).contains { index in
        bytes[index..<index + 16].elementsEqual(database.prefix(16))
      }
    try expect(holdsFirstPage || (number(24) == 512 && number(16) <= 3), "the journal is not of this database")
    return .accepted
  }
}
