// The check of a rollback journal, before SQLite rolls it back (SQLite's file format, section 3).

import CWinitStorage

/// A rollback journal beside a database, as SQLite finds it after a writer was killed.
///
/// SQLite does what a journal says: it writes the pages of the journal into the database, cuts the database to the
/// recorded number of pages, and deletes the file that a super-journal record names. A journal from elsewhere is
/// therefore compared with the database first. A journal without SQLite's mark at its beginning is no problem: a power
/// cut can leave one, and SQLite ignores it.
package struct RollbackJournal {
  /// Returns bytes of a file at an offset.
  package typealias Read = (_ offset: Int, _ count: Int) throws -> [UInt8]

  private let size: Int
  private let read: Read
  private let database: (size: Int, header: [UInt8]?)
  private var sectorSize = 512
  private var pageSize = 0
  private var pageCount = 0

  /// The mark at the beginning of a journal, of each of its segments, and at the end of a super-journal record.
  package static let mark: [UInt8] = [0xD9, 0xD5, 0x05, 0xF9, 0x20, 0xA1, 0x63, 0xD7]

  /// - Parameters:
  ///   - size: the size of the journal, in bytes.
  ///   - read: reads the journal.
  ///   - databaseSize: the size of the database, in bytes.
  ///   - readDatabase: reads the database.
  package init(size: Int, read: @escaping Read, databaseSize: Int, readDatabase: Read) throws {
    self.size = size
    self.read = read
    let header = databaseSize >= 100 ? try readDatabase(0, 100) : []
    database = (databaseSize, header.starts(with: Self.databaseMark) ? header : nil)
  }

  private static let databaseMark = Array("SQLite format 3\0".utf8)

  /// Returns why SQLite must not roll the journal back; nil if it may.
  package mutating func problem() throws -> CompanionProblem? {
    if size >= 16, try read(size - 8, 8) == Self.mark { return .superJournal }
    guard size >= 28 else { return nil }
    let header = try read(0, 28)
    guard header.starts(with: Self.mark) else { return nil }
    (pageCount, sectorSize, pageSize) = (number(header, 16), number(header, 20), number(header, 24))
    guard (32...65536).contains(sectorSize), (512...65536).contains(pageSize),
      sectorSize.nonzeroBitCount == 1, pageSize.nonzeroBitCount == 1
    else { return .journalHeader }
    let first = try firstPage()
    if let first, let header = database.header {
      // A transaction increments the change counter, which is in the first page. After a kill, the file has either.
      let (before, now) = (UInt32(number(first, 24)), UInt32(number(header, 24)))
      guard now == before || now == before &+ 1 else { return .journalOfOtherFile }
    }
    if let header = database.header, pageSize != Self.pageSize(header) {
      // Only a transaction that changes the size of the pages leaves this, and it changes the first page.
      guard let first, pageSize == Self.pageSize(first) else { return .journalPageSize }
    }
    if pageCount > database.size / pageSize {
      // Only a transaction that has shortened the file leaves this, and it changes the first page, where the size is.
      guard let first, pageCount == number(first, 28) else { return .journalPageCount }
    }
    return cutsPages(first) ? .journalOfOtherFile : nil
  }

  /// Returns whether the rollback would cut off pages that the database had before the transaction. Its first page then
  /// counted them; it is in the journal, unless the transaction has not written it.
  private func cutsPages(_ first: [UInt8]?) -> Bool {
    guard let before = first ?? database.header else { return false }
    let counter = number(before, 24)
    // The number of pages is valid only where the two change counters agree.
    guard counter == number(before, 92), pageCount < number(before, 28) else { return false }
    // Before the first transaction of a new file there is no page, and hence no first page in its journal.
    return !(first == nil && pageCount == 0 && counter <= 1)
  }

  /// Returns the page size in the header of a database.
  private static func pageSize(_ header: [UInt8]) -> Int {
    let size = Int(header[16]) << 8 | Int(header[17])
    return size == 1 ? 65536 : size
  }

  private func number(_ bytes: [UInt8], _ offset: Int) -> Int {
    bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
  }

  /// Returns the first page of the database, as the journal holds it; nil if the journal does not hold it.
  private func firstPage() throws -> [UInt8]? {
    let recordSize = pageSize + 8
    var start = 0
    // A segment is a header, which takes one sector, and records. Each begins at the start of a sector.
    while start + 28 <= size {
      let header = try read(start, 28)
      guard header.starts(with: Self.mark) else { return nil }
      let records = start + sectorSize
      let room = max(0, size - records) / recordSize
      let count = number(header, 8) == 0xFFFF_FFFF ? room : min(number(header, 8), room)
      for index in 0..<count {
        let offset = records + index * recordSize
        switch number(try read(offset, 4), 0) {
        // SQLite stops at a page without a number.
        case 0: return nil
        case 1: return try page(at: offset + 4, seed: number(header, 12))
        default: continue
        }
      }
      guard count > 0 else { return nil }
      start = (records + count * recordSize + sectorSize - 1) / sectorSize * sectorSize
    }
    return nil
  }

  /// Returns a page; nil if it is not the header page of a database, or does not have its checksum: SQLite stops there.
  private func page(at offset: Int, seed: Int) throws -> [UInt8]? {
    let page = try read(offset, pageSize)
    let checksum = stride(from: pageSize - 200, to: 0, by: -200).reduce(UInt32(seed)) { $0 &+ UInt32(page[$1]) }
    guard number(try read(offset + pageSize, 4), 0) == Int(checksum), page.starts(with: Self.databaseMark) else {
      return nil
    }
    return page
  }
}

extension RollbackJournal {
  /// The check that the guard calls. The parameters are files of SQLite.
  static let check: winit_companion_check = { journal, database in
    do {
      var journal = try RollbackJournal(
        size: fileSize(journal), read: { try fileBytes(journal, $0, $1) }, databaseSize: fileSize(database),
        readDatabase: { try fileBytes(database, $0, $1) })
      return try journal.problem()?.rawValue ?? 0
    } catch { return -1 }
  }
}

private struct CannotRead: Error {}

private func fileSize(_ file: UnsafeMutableRawPointer?) throws -> Int {
  let size = winit_file_size(file)
  guard size >= 0 else { throw CannotRead() }
  return Int(size)
}

private func fileBytes(_ file: UnsafeMutableRawPointer?, _ offset: Int, _ count: Int) throws -> [UInt8] {
  try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
    buffer.initialize(repeating: 0)
    guard winit_file_read(file, buffer.baseAddress, Int32(count), Int64(offset)) != 0 else { throw CannotRead() }
    initialized = count
  }
}
