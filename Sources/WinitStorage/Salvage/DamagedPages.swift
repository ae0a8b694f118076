// What the pages of a damaged file hold: their tables, and the rows that can be read.

/// The rows that can be read from the pages of a damaged file, whether or not the b-trees still reach them.
package final class DamagedPages {
  /// How much is known for the rows of a page. Rows of a better rank win over others with the same id.
  enum Rank: UInt8, Comparable {
    /// A b-tree of the schema reaches the page.
    case reachable
    /// No b-tree reaches the page, because a page above it is damaged, or its commit was not finished.
    case unreachable
    /// The file says that the page is free. Its rows may have been deleted, so they only complete runs that exist.
    case free

    static func < (left: Rank, right: Rank) -> Bool { left.rawValue < right.rawValue }
  }

  /// A row of a table.
  struct FoundRow {
    let id: Int64
    let values: [RecordValue]
    let rank: Rank
  }

  let file: PageFile
  /// A page that holds rows of a table.
  struct TablePage {
    let number: Int
    let rank: Rank
    /// Which table or index the page belongs to by the b-tree that reaches it.
    let claim: Claim
    fileprivate let assumed: BTreePage.Kind?
  }

  /// What the b-tree that reaches a page says about the table of its rows.
  enum Claim {
    /// The b-tree is the one of this table.
    case own
    /// The b-tree is one of another table or index whose records have the same types.
    case other
    /// The page is not where it belongs: no b-tree reaches it, or one whose records have other types.
    case none
  }

  /// The pages that hold rows of each table, the best ranks first.
  private var pages: [SalvagedTable: [TablePage]] = [:]
  /// How often the rest of a record was read from each page. No page holds a part of two records, except in a file whose
  /// commit was not finished. The limit bounds the work on a file in which many records lead to the same pages.
  private var uses: [UInt8]
  private static let maximumUses = 4
  private let progress: () throws -> Void

  /// The number of the pages that are not free.
  private let usedPageCount: Int

  /// The maximum size of what can be salvaged, in bytes.
  package var maximumByteCount: Int { usedPageCount * file.pageSize }

  /// Reads the kinds of all pages, and the types of all records.
  ///
  /// - Parameter progress: called often, here and while rows are read. An error of it ends the reading.
  package init(_ file: PageFile, progress: @escaping () throws -> Void) throws {
    self.file = file
    self.progress = progress
    let map = PointerMap(file)
    uses = Array(repeating: 0, count: file.pageCount + 1)
    var children: [Int: [Int]] = [:]
    var schemaPages: [Int] = []
    var found: [(page: Int, tables: Set<SalvagedTable>, assumed: BTreePage.Kind?)] = []
    for number in 1..<file.pageCount + 1 {
      if number.isMultiple(of: 4096) { try progress() }
      guard let (page, assumed) = DamagedPages.bTreePage(number, file, map) else { continue }
      if !page.kind.isLeaf { children[number] = page.children }
      let tables = DamagedPages.tables(of: page)
      if !tables.isEmpty {
        found.append((number, tables, assumed))
      } else if page.kind == .leafTable,
        page.cells.contains(where: { $0.header.map { DamagedPages.isSchema($0.types) } ?? false })
      {
        schemaPages.append(number)
      }
    }
    let free = map.freePages
    usedPageCount = max(0, file.pageCount - free.count)
    let owners = reachablePages(children, schemaPages: schemaPages)
    for (number, tables, assumed) in found {
      let rank: Rank = owners[number] != nil ? .reachable : free.contains(number) ? .free : .unreachable
      // A deleted run has a text in the first column of this index, as an alias has.
      let isByTime = owners[number] == SalvagedTable.runsByTime.name && tables.contains(.aliases)
      for table in isByTime ? tables.union([.runsByTime]) : tables {
        let claim = table.claim(of: owners[number])
        guard claim == .own || !table.needsName, claim != .other || table.isFoundInOthers else { continue }
        pages[table, default: []].append(TablePage(number: number, rank: rank, claim: claim, assumed: assumed))
      }
    }
    for table in pages.keys { pages[table]?.sort { ($0.rank, $0.number) < ($1.rank, $1.number) } }
  }

  /// Returns a page of a b-tree; nil for another page. If the first byte of a page is damaged, and the file says
  /// elsewhere that the page belongs to a b-tree, its kind is the one whose cells make records.
  private static func bTreePage(
    _ number: Int, _ file: PageFile, _ map: PointerMap
  ) -> (page: BTreePage, assumed: BTreePage.Kind?)? {
    if BTreePage.Kind(rawValue: file.firstByte(of: number)) != nil, let page = BTreePage(number, in: file) {
      if page.isPossible(in: file) || !map.bTreePages.contains(number) { return (page, nil) }
    }
    guard map.bTreePages.contains(number) else { return nil }
    for kind in [BTreePage.Kind.leafTable, .leafIndex] {
      if let page = BTreePage(number, in: file, assumed: kind), !tables(of: page).isEmpty { return (page, kind) }
    }
    return BTreePage(number, in: file).map { ($0, nil) }
  }

  /// Returns the tables whose records a page holds.
  private static func tables(of page: BTreePage) -> Set<SalvagedTable> {
    Set(
      page.cells.compactMap { cell in
        cell.header.flatMap {
          SalvagedTable($0.types, isTable: page.kind.isTable)
        }
      })
  }

  /// Returns the name of the table or index to which each page belongs that the schema reaches.
  private func reachablePages(_ children: [Int: [Int]], schemaPages: [Int]) -> [Int: String] {
    var owners: [Int: String] = [:]
    func own(_ root: Int, _ name: String) {
      var queue = [root]
      while let page = queue.popLast() {
        guard file.contains(page), owners[page] == nil else { continue }
        owners[page] = name
        queue += children[page] ?? []
      }
    }
    own(1, "sqlite_schema")
    let first = owners.keys.sorted()
    // The pages of the schema can be at other places, too.
    for page in first + schemaPages.filter({ owners[$0] == nil }) {
      for cell in BTreePage(page, in: file)?.cells ?? [] {
        guard let row = row(cell, RowFilter(isWanted: DamagedPages.isSchema), .reachable),
          let name = row.values[1].text, let root = row.values[3].integer, root > 1, root <= Int64(file.pageCount)
        else { continue }
        own(Int(root), name)
      }
    }
    return owners
  }

  /// Whether a record of these types is a row of `sqlite_schema`: type, name, table, root page and SQL.
  private static func isSchema(_ types: [RecordType]) -> Bool {
    types.count == 5 && types[..<3].allSatisfy(\.isText) && types[3].isInteger && (types[4].isText || types[4] == .null)
  }

  /// Which records are read.
  private struct RowFilter {
    let isWanted: ([RecordType]) -> Bool
  }

  /// Calls a body with each row of a table that can be read, the best ranks first.
  func forEachRow(of table: SalvagedTable, upTo rank: Rank = .free, _ body: (FoundRow) throws -> Void) throws {
    try forEachPage(of: table, upTo: rank) { page in
      for row in rows(of: table, in: page) { try body(row) }
    }
  }

  /// Calls a body with each page that holds rows of a table, the best ranks first.
  func forEachPage(of table: SalvagedTable, upTo rank: Rank = .free, _ body: (TablePage) throws -> Void) throws {
    for page in pages[table] ?? [] where page.rank <= rank {
      try progress()
      try body(page)
    }
  }

  /// Returns the rows of a table in a page that can be read. They are read one by one.
  func rows(of table: SalvagedTable, in place: TablePage) -> some Sequence<FoundRow> {
    let page = BTreePage(place.number, in: file, assumed: place.assumed)
    let filter = RowFilter { types in
      let found = SalvagedTable(types, isTable: page?.kind.isTable ?? false)
      return found == table || table == .runsByTime && found == .aliases
    }
    return (page?.cells ?? []).lazy.compactMap { self.row($0, filter, place.rank) }
  }

  private func row(_ cell: BTreePage.Cell, _ filter: RowFilter, _ rank: Rank) -> FoundRow? {
    guard let header = cell.header, filter.isWanted(header.types),
      let record = record(of: cell), let values = header.values(record)
    else { return nil }
    return FoundRow(id: cell.rowID, values: values, rank: rank)
  }

  /// Returns the bytes of a record; nil if a page that holds a part of it is missing.
  private func record(of cell: BTreePage.Cell) -> [UInt8]? {
    var record = Array(cell.local)
    var next = cell.overflow
    while record.count < cell.byteCount {
      guard file.contains(next), uses[next] < DamagedPages.maximumUses else { return nil }
      uses[next] += 1
      let page = file.bytes(of: next)
      next = page.number(0, 4)
      record += page[4..<min(file.usableSize, 4 + cell.byteCount - record.count)]
    }
    return record
  }
}
