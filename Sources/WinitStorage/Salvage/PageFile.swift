// The pages of a SQLite file that may be damaged, read without SQLite. https://sqlite.org/fileformat.html defines them.

import WinitCore

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
    let isReadable = header.starts(with: PageFile.magic)
    let recordedSize = header.number(16, 2) == 1 ? 65536 : header.number(16, 2)
    pageSize = PageFile.pageSize(byteCount, recorded: recordedSize, read)
    pageCount = min((byteCount + pageSize - 1) / pageSize, PageFile.maximumPageCount)
    let reserved = isReadable && pageSize - Int(header[20]) >= 480 ? Int(header[20]) : 0
    usableSize = PageFile.isReserved(reserved, pageSize, byteCount, read) ? pageSize - reserved : pageSize
    // The count is valid only where the two change counters agree.
    let recorded = header.number(28, 4)
    recordedPageCount = isReadable && recorded > 0 && header.number(24, 4) == header.number(92, 4) ? recorded : nil
    self.read = read
  }

  /// The beginning of a SQLite file.
  private static let magic = Array("SQLite format 3\0".utf8)

  /// The page sizes of SQLite, that of a registry first.
  private static let pageSizes = [16384, 4096, 1024, 8192, 32768, 65536, 2048, 512]

  /// The maximum number of pages of a file of SQLite.
  private static let maximumPageCount = 0xFFFF_FFFE

  /// Returns the page size with which most pages of the beginning of a file hold intact records. Nothing else shows it
  /// for sure: the header can be damaged, and any page can have been written to the place of another.
  private static func pageSize(
    _ byteCount: Int, recorded: Int, _ read: (_ offset: Int, _ count: Int) -> [UInt8]
  ) -> Int {
    let beginning = read(0, min(byteCount, 1 << 21))
    let sizes = pageSizes.filter { $0 == recorded } + pageSizes
    var best = (size: sizes[0], count: 0)
    for size in sizes {
      let file = PageFile(beginning, pageSize: size)
      let count = (1..<file.pageCount + 1).count { number in
        BTreePage.Kind(rawValue: file.firstByte(of: number)) != nil
          && BTreePage(number, in: file)?.holdsIntactRecords == true
      }
      if count > best.count { best = (size, count) }
    }
    return best.size
  }

  /// Creates the pages of bytes in memory.
  private init(_ contents: [UInt8], pageSize: Int) {
    (self.pageSize, usableSize, recordedPageCount) = (pageSize, pageSize, nil)
    pageCount = contents.count / pageSize
    read = { offset, count in
      let bytes = contents[min(offset, contents.count)..<min(offset + count, contents.count)]
      return bytes + [UInt8](repeating: 0, count: count - bytes.count)
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

  /// Whether the file is a registry by the mark in its header, by the table of the migrations, or by the beginning of a
  /// manifest.
  var isRegistry: Bool {
    read(68, 4).number(0, 4) == Int(RegistryFile.applicationID) && recordedPageCount != nil || !migrationPages.isEmpty
      || !firstLeaves(with: "{\"chunk_size\":\(chunkSize),\"law_version\":").isEmpty
  }

  /// Returns whether the migrations of the file are those up to a number, so that it has the schema of this number.
  func hasMigrations(upTo number: Int) -> Bool {
    func beginning(_ number: Int) -> [UInt8] {
      Array(("v" + String(repeating: "0", count: max(0, 4 - "\(number)".count)) + "\(number)_").utf8)
    }
    let pages = migrationPages
    return pages.contains { $0.contains(beginning(number)) } && !pages.contains { $0.contains(beginning(number + 1)) }
  }

  /// The pages that hold the rows or the index of the migrations. A registry has them at its beginning.
  private var migrationPages: [[UInt8]] { firstLeaves(with: "v0001_runs") }

  /// Returns those of the first pages of the file that hold rows or entries, and a text.
  private func firstLeaves(with text: String) -> [[UInt8]] {
    let text = Array(text.utf8)
    return (1..<min(pageCount, 256) + 1).compactMap { page in
      guard BTreePage.Kind(rawValue: firstByte(of: page))?.isLeaf == true else { return nil }
      let bytes = bytes(of: page)
      return bytes.contains(text) ? bytes : nil
    }
  }

  /// Returns the bytes of a page.
  func bytes(of page: Int) -> [UInt8] { read((page - 1) * pageSize, pageSize) }

  /// Returns whether the file has a page.
  func contains(_ page: Int) -> Bool { page >= 1 && page <= pageCount }

  /// Returns the kind of a page, as its first byte gives it.
  func firstByte(of page: Int) -> UInt8 {
    let start = (page - 1) * pageSize
    let first = read(start, 1)[0]
    guard page == 1 || first == PageFile.magic[0] else { return first }
    let bytes = read(start, 101)
    return bytes[PageFile.headerOffset(of: bytes, isFirst: page == 1)]
  }

  /// Returns where a page has the header of its b-tree: behind the header of the file in the first page of a file. That
  /// page can be at another place in a damaged file, and another page in its place.
  static func headerOffset(of bytes: [UInt8], isFirst: Bool) -> Int {
    // A part of the beginning may be damaged.
    if zip(bytes, magic).count(where: { $0 == $1 }) >= 8 { return 100 }
    return isFirst && BTreePage.Kind(rawValue: bytes[0]) == nil ? 100 : 0
  }
}

extension [UInt8] {
  /// Returns a big-endian number, or 0 if it is not inside the array.
  func number(_ offset: Int, _ count: Int) -> Int {
    guard offset >= 0, offset + count <= self.count else { return 0 }
    return self[offset..<offset + count].reduce(0) { $0 << 8 | Int($1) }
  }
}
