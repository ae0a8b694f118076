// A page of a b-tree, and its cells.

/// A page of a b-tree of a SQLite file.
struct BTreePage {
  /// The kinds of pages, by their first byte.
  enum Kind: UInt8 {
    case interiorIndex = 2
    case interiorTable = 5
    case leafIndex = 10
    case leafTable = 13

    var isLeaf: Bool { rawValue >= 10 }
    var isTable: Bool { self == .interiorTable || self == .leafTable }
  }

  /// A cell that holds a record.
  struct Cell {
    /// The id of the row; 0 in an index.
    let rowID: Int64
    /// The size of the record, in bytes.
    let byteCount: Int
    /// The beginning of the record, which is in the page itself.
    let local: ArraySlice<UInt8>
    /// The page that holds what follows; 0 if nothing follows.
    let overflow: Int

    /// The types of the values; nil if the cell holds no record.
    var header: RecordHeader? { RecordHeader(local, recordSize: byteCount) }
  }

  let kind: Kind
  /// Whether the first byte of the page gives another kind.
  private let isAssumed: Bool
  private let bytes: [UInt8]
  private let usableSize: Int
  private let headerOffset: Int

  /// Reads the header of a page; nil if the page is not that of a b-tree.
  ///
  /// - Parameter assumed: the kind of a page whose first byte is damaged; nil for the kind that the byte gives.
  init?(_ number: Int, in file: PageFile, assumed: Kind? = nil) {
    bytes = file.bytes(of: number)
    headerOffset = PageFile.headerOffset(of: bytes, isFirst: number == 1)
    guard let kind = assumed ?? Kind(rawValue: bytes[headerOffset]) else { return nil }
    self.kind = kind
    isAssumed = assumed != nil
    usableSize = file.usableSize
  }

  /// The number of cells that the page says it has.
  private var cellCount: Int { bytes.number(headerOffset + 3, 2) }

  /// Whether the page can be of its kind: the pages below it exist, or it has the cells that it says it has.
  func isPossible(in file: PageFile) -> Bool {
    kind == .interiorTable ? children.allSatisfy(file.contains) : cellCount == 0 || !cells.isEmpty
  }

  /// The offsets of the cells that can be inside the page. A page whose number of cells is damaged has fewer than it
  /// says.
  private var offsets: [Int] {
    let start = headerOffset + (kind.isLeaf ? 8 : 12)
    let count = min(cellCount, (usableSize - start) / 2)
    return (0..<count).map { bytes.number(start + 2 * $0, 2) }.filter { $0 >= start && $0 < usableSize }
  }

  /// The pages below an interior page.
  var children: [Int] {
    guard !kind.isLeaf else { return [] }
    return offsets.map { bytes.number($0, 4) } + [bytes.number(headerOffset + 8, 4)]
  }

  /// The cells at the places that the page gives, as far as their sizes are possible.
  private var placedCells: [Cell] {
    let places = offsets.map { kind.isLeaf ? $0 : $0 + 4 }
    var cells: [Cell] = []
    // Cells do not overlap, so that their sizes have a sum.
    var rest = usableSize
    for cell in places.compactMap(cell) where cell.local.count <= rest {
      rest -= cell.local.count
      cells.append(cell)
    }
    return cells
  }

  private func areIntact(_ cells: [Cell]) -> Bool {
    !isAssumed && cells.count == cellCount && cells.allSatisfy { $0.header != nil }
  }

  /// Whether the page has records of a registry, at exactly the places that it gives.
  var holdsIntactRecords: Bool {
    guard kind != .interiorTable, cellCount > 0 else { return false }
    let cells = placedCells
    return areIntact(cells)
      && cells.contains { $0.header.map { SalvagedTable($0.types, isTable: kind.isTable) != nil } ?? false }
  }

  /// The cells that hold records, as far as their sizes are possible. If the header of the page or the places of its
  /// cells are damaged, also the records of a registry that are found elsewhere in the page.
  var cells: [Cell] {
    guard kind != .interiorTable else { return [] }
    var cells = placedCells
    if !areIntact(cells) {
      cells += foundCells(without: Set(cells.filter { $0.header != nil }.map(\.local.startIndex)))
    }
    return cells
  }

  /// Returns the cells in the page that hold records of a registry, wherever they are.
  private func foundCells(without known: Set<Int>) -> [Cell] {
    var (cells, offset) = ([Cell](), headerOffset + 8)
    while offset < usableSize {
      if let cell = cell(at: offset), let header = cell.header,
        SalvagedTable(header.types, isTable: kind.isTable) != nil
      {
        offset = cell.local.endIndex
        if !known.contains(cell.local.startIndex) { cells.append(cell) }
      } else {
        offset += 1
      }
    }
    return cells
  }

  private func cell(at offset: Int) -> Cell? {
    var position = offset
    guard let size = bytes.varint(&position, end: usableSize), size >= 0, size <= Int64(Store.maximumValueSize) else {
      return nil
    }
    var rowID: Int64 = 0
    if kind.isTable {
      guard let id = bytes.varint(&position, end: usableSize) else { return nil }
      rowID = id
    }
    let byteCount = Int(size)
    let maximum = kind.isTable ? usableSize - 35 : (usableSize - 12) * 64 / 255 - 23
    if byteCount <= maximum {
      guard position + byteCount <= usableSize else { return nil }
      return Cell(rowID: rowID, byteCount: byteCount, local: bytes[position..<position + byteCount], overflow: 0)
    }
    let minimum = (usableSize - 12) * 32 / 255 - 23
    let preferred = minimum + (byteCount - minimum) % (usableSize - 4)
    let local = preferred <= maximum ? preferred : minimum
    guard position + local + 4 <= usableSize else { return nil }
    return Cell(
      rowID: rowID, byteCount: byteCount, local: bytes[position..<position + local],
      overflow: bytes.number(position + local, 4))
  }
}

extension RandomAccessCollection<UInt8> where Index == Int {
  /// Reads a number of one to nine bytes (SQLite's file format, section 1.6) and moves the position behind it. Returns
  /// nil if the number does not end before `end`.
  func varint(_ position: inout Int, end: Int) -> Int64? {
    var value: UInt64 = 0
    for index in 0..<9 {
      guard position < end, position < endIndex else { return nil }
      let byte = self[position]
      position += 1
      if index == 8 { return Int64(bitPattern: value << 8 | UInt64(byte)) }
      value = value << 7 | UInt64(byte & 0x7F)
      if byte < 0x80 { return Int64(bitPattern: value) }
    }
    return nil
  }
}
