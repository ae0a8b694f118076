// The reader of damaged registry files.

import WinitStorage

extension FuzzTarget {
  /// The input is a SQLite file. What is salvaged from it is a registry without inconsistencies, apart from the search
  /// terms, which are made later.
  static let pages = FuzzTarget("pages") { bytes in
    let file = PageFile(byteCount: bytes.count) { offset, count in
      let found = offset < bytes.count ? Array(bytes[offset..<min(bytes.count, offset + count)]) : []
      return found + [UInt8](repeating: 0, count: count - found.count)
    }
    let target = try Store.empty(at: "salvaged")
    let salvage = Salvage(try DamagedPages(file) {}, into: target)
    try salvage.copyRecords()
    try salvage.copyChunks(keepsBytes: true) { _ in }
    try salvage.listOtherLostRuns()
    try expect(target.structureProblems().isEmpty, "the new registry is damaged")
    try target.repairInconsistencies()
    let problems = try target.inconsistencies()
    try expect(problems.allSatisfy { $0.contains("is not a time") }, "\(problems)")
    for chunk in try target.storedChunks() {
      try expect(salvage.chunks.contains(chunk.digest), "a chunk was added that was not hashed")
    }
    let isEmpty = try salvage.chunks.isEmpty && target.runRows().isEmpty && target.history(of: nil, limit: 1).isEmpty
    return isEmpty ? .refused("no run, chunk or entry of the history") : .accepted
  }
}
