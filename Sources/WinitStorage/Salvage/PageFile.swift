// The pages of a SQLite file that may be damaged, read without SQLite. https://sqlite.org/fileformat.html defines them.

/// The pages of a SQLite file, of which any may be damaged or missing. Nothing in the file is trusted: every number is
/// checked before it is used, and the work is bounded by the size of the file.
package struct PageFile {
  /// The size of a page, in bytes.
  let pageSize: Int
  /// The size of the part of a page that SQLite uses, in bytes.
  let usableSize: Int
  /// The number of pages that are in the file, the last one perhaps in part. Pages are numbered from 1.
  let pageCount: Int
  /// The number of pages that the file should have by its header; nil if the header cannot be read.
  let recordedPageCount: Int?
  private let read: (_ offset: Int, _ count: Int) -> [UInt8]

  /// Reads the header of a file.
  ///
  /// - Parameters:
  ///   - byteCount: the size of the file.
  ///   - read: returns bytes of the file. Bytes that cannot be read are zeros.
  package init(byteCount: Int, read: @escaping (_ offset: Int, _ count: Int) -> [UInt8]) {
    let header = read(0, 100)
    let isReadable = header.starts(with: Array("SQLite format 3\0".utf8))
    let recordedSize = header.number(16, 2) == 1 ? 65536 : header.number(16, 2)
    let sizes = PageFile.pageSizes.filter { $0 == recordedSize } + PageFile.pageSizes
    let pageSize = sizes.first { PageFile.hasMigrations($0, byteCount, read) } ?? sizes[0]
    self.pageSize = pageSize
    pageCount = min((byteCount + pageSize - 1) / pageSize, PageFile.maximumPageCount)
    let reserved = isReadable && pageSize - Int(header[20]) >= 480 ? Int(header[20]) : 0
    usableSize = PageFile.isReserved(reserved, pageSize, byteCount, read) ? pageSize - reserved : pageSize
    // The count is valid only where the two change counters agree.
    let recorded = header.number(28, 4)
    recordedPageCount = isReadable && recorded > 0 && header.number(24, 4) == header.number(92, 4) ? recorded : nil
    self.read = read
  }

  /// The page sizes of SQLite, that of a registry first.
  private static let pageSizes = [16384, 4096, 1024, 8192, 32768, 65536, 2048, 512]

  /// The maximum number of pages of a file of SQLite.
  private static let maximumPageCount = 0xFFFF_FFFE

  /// Returns whether pages of a size fit the file: the second or third page of a registry holds its migrations.
  private static func hasMigrations(_ size: Int, _ byteCount: Int, _ read: (Int, Int) -> [UInt8]) -> Bool {
    [size, 2 * size].contains { offset in
      guard offset < byteCount else { return false }
      let page = read(offset, size)
      return page[0] == BTreePage.Kind.leafTable.rawValue && page.contains(Array("v0001_runs".utf8))
    }
  }

  /// Returns whether the last bytes of pages can be those that SQLite does not use. A damaged header may say so; then
  /// cells are there.
  private static func isReserved(
    _ count: Int, _ pageSize: Int, _ byteCount: Int, _ read: (Int, Int) -> [UInt8]
  ) -> Bool {
    guard count > 0 else { return true }
    let pages = stride(from: pageSize, to: min(byteCount, 64 * pageSize) - pageSize + 1, by: pageSize)
    return !pages.contains { offset in
      BTreePage.Kind(rawValue: read(offset, 1)[0]) != nil && read(offset + pageSize - count, count).contains { $0 != 0 }
    }
  }

  /// Whether the file is a registry by the mark in its header, or by the table of the migrations where a registry has it.
  var isRegistry: Bool {
    read(68, 4).number(0, 4) == Int(RegistryFile.applicationID) && recordedPageCount != nil || hasMigrations
  }

  /// Whether the file holds the table of the migrations where a registry has it.
  private var hasMigrations: Bool { hasInMigrations("v0001_runs") }

  /// Returns whether the migrations of the file are those up to a number, so that it has the schema of this number.
  func hasMigrations(upTo number: Int) -> Bool {
    func beginning(_ number: Int) -> String {
      "v" + String(repeating: "0", count: max(0, 4 - "\(number)".count)) + "\(number)_"
    }
    return hasMigrations && hasInMigrations(beginning(number)) && !hasInMigrations(beginning(number + 1))
  }

  private func hasInMigrations(_ text: String) -> Bool {
    [2, 3].contains { $0 <= pageCount && bytes(of: $0).contains(Array(text.utf8)) }
  }

  /// Returns the bytes of a page.
  func bytes(of page: Int) -> [UInt8] { read((page - 1) * pageSize, pageSize) }

  /// Returns whether the file has a page.
  func contains(_ page: Int) -> Bool { page >= 1 && page <= pageCount }

  /// Returns the type of a page, as its first byte gives it.
  func firstByte(of page: Int) -> UInt8 { read((page - 1) * pageSize + (page == 1 ? 100 : 0), 1)[0] }
}

extension [UInt8] {
  /// Returns a big-endian number, or 0 if it is not inside the array.
  func number(_ offset: Int, _ count: Int) -> Int {
    guard offset >= 0, offset + count <= self.count else { return 0 }
    return self[offset..<offset + count].reduce(0) { $0 << 8 | Int($1) }
  }
}
