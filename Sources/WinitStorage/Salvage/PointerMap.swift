// The pages that a file describes as free or as parts of a b-tree.

/// What a file says about its pages: the pointer map of an auto-vacuum file, and the list of free pages.
struct PointerMap {
  /// The pages that the list or the map gives as free.
  private(set) var freePages: Set<Int> = []
  /// The pages that the map gives as parts of a b-tree.
  private(set) var bTreePages: Set<Int> = []

  init(_ file: PageFile) {
    guard file.pageCount > 0 else { return }
    let header = file.bytes(of: 1)
    // A registry always has a pointer map. If the first page is lost, the second one shows it.
    if header.number(52, 4) > 0 || file.contains(2) && (1...5).contains(file.firstByte(of: 2)) { readMap(file) }
    readFreeList(file, first: header.number(32, 4))
  }

  /// Reads the pages of the map, each of which is followed by the pages that it describes (SQLite's file format,
  /// section 1.8).
  private mutating func readMap(_ file: PageFile) {
    let count = file.usableSize / 5
    // The page with the locks of SQLite is never used.
    let lockPage = (1 << 30) / file.pageSize + 1
    for page in stride(from: 2, through: file.pageCount, by: count + 1) {
      let mapPage = page == lockPage ? page + 1 : page
      guard file.contains(mapPage) else { return }
      let bytes = file.bytes(of: mapPage)
      // A page of the map with another number than a type is damaged, and says nothing.
      guard (0..<count).allSatisfy({ bytes[5 * $0] <= 5 }) else { continue }
      for index in 0..<count {
        switch bytes[5 * index] {
        case 1, 5: bTreePages.insert(mapPage + 1 + index)
        case 2: freePages.insert(mapPage + 1 + index)
        default: break
        }
      }
    }
  }

  private mutating func readFreeList(_ file: PageFile, first: Int) {
    var (trunk, seen) = (first, Set<Int>())
    while file.contains(trunk), seen.insert(trunk).inserted {
      freePages.insert(trunk)
      let bytes = file.bytes(of: trunk)
      for index in 0..<min(bytes.number(4, 4), file.usableSize / 4 - 2) {
        freePages.insert(bytes.number(8 + 4 * index, 4))
      }
      trunk = bytes.number(0, 4)
    }
  }
}
