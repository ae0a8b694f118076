// Rollback journals of SQLite, made by hand (SQLite's file format, section 3).

/// The mark at the beginning of a journal, and at the end of a record that names a super-journal.
package let journalMark: [UInt8] = [0xD9, 0xD5, 0x05, 0xF9, 0x20, 0xA1, 0x63, 0xD7]

/// Returns the four bytes of a number.
package func bigEndian(_ number: UInt32) -> [UInt8] { withUnsafeBytes(of: number.bigEndian, Array.init) }

/// Returns the record at the end of a journal that names a super-journal, which SQLite deletes after the rollback.
package func superJournal(_ name: String) -> [UInt8] {
  let bytes = Array(name.utf8)
  let checksum = bytes.reduce(UInt32(0)) { $0 &+ UInt32(bitPattern: Int32(Int8(bitPattern: $1))) }
  return bigEndian(65537) + bytes + bigEndian(UInt32(bytes.count)) + bigEndian(checksum) + journalMark
}

/// Returns a journal without pages, of a database with this number of pages.
package func emptyJournal(pages: Int) -> [UInt8] {
  let numbers: [UInt32] = [0, 0x0102_0304, UInt32(pages), 512, 16384]
  return journalMark + numbers.flatMap(bigEndian) + [UInt8](repeating: 0, count: 512 - 28)
}
