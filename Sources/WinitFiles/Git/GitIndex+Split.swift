// The entries of an index that may be split: a shared index, and a small index with the changes to it.

/// The entries of an index and of the shared index below it, in the order of their paths.
struct GitIndexEntries {
  private var own: GitIndexReader
  private var ownNext: GitIndexEntry?
  private var shared: SharedEntries?
  private var sharedNext: GitIndexEntry?

  /// - Parameter sharedIndex: returns the bytes of the shared index with this id.
  init(
    _ bytes: [UInt8], idLength: Int, sharedIndex: (GitObjectID) throws(GitProblem) -> [UInt8]
  ) throws(GitProblem) {
    own = try GitIndexReader(bytes, idLength: idLength)
    if let link = own.link {
      guard link.count >= idLength else { throw GitProblem("the index is malformed") }
      let id = Array(link.prefix(idLength))
      if id.contains(where: { $0 != 0 }) {
        shared = try SharedEntries(
          GitIndexReader(sharedIndex(GitObjectID(id)), idLength: idLength), bitmaps: Array(link.dropFirst(idLength)),
          replacements: &own)
      }
    }
    ownNext = try own.next()
    sharedNext = try shared?.next()
  }

  /// Returns the next entry; nil after the last one.
  mutating func next() throws(GitProblem) -> GitIndexEntry? {
    if let first = sharedNext, ownNext.map({ !$0.precedes(first) }) ?? true {
      sharedNext = try shared?.next()
      return first
    }
    let entry = ownNext
    if entry != nil { ownNext = try own.next() }
    return entry
  }
}

extension GitIndexEntry {
  fileprivate func precedes(_ other: GitIndexEntry) -> Bool {
    path == other.path ? stage < other.stage : path.lexicographicallyPrecedes(other.path)
  }
}

/// The entries of a shared index, without those that are deleted, and with those that are replaced.
private struct SharedEntries {
  private var base: GitIndexReader
  private var replacements: GitIndexReader
  private let deleted: EWAHBitmap
  private let replaced: EWAHBitmap
  private var number = 0

  /// - Parameter replacements: the index, whose first entries, which have no path, replace those of the shared index.
  init(
    _ base: GitIndexReader, bitmaps: [UInt8], replacements own: inout GitIndexReader
  ) throws(GitProblem) {
    self.base = base
    var rest = bitmaps[...]
    deleted = try EWAHBitmap(&rest)
    replaced = try EWAHBitmap(&rest)
    replacements = own
    for _ in 0..<replaced.count {
      guard try own.next() != nil else { throw GitProblem("the index is malformed") }
    }
  }

  mutating func next() throws(GitProblem) -> GitIndexEntry? {
    while var entry = try base.next() {
      defer { number += 1 }
      if replaced.contains(number) {
        guard var other = try replacements.next() else { throw GitProblem("the index is malformed") }
        if other.path.isEmpty { other.path = entry.path }
        entry = other
      }
      if !deleted.contains(number) { return entry }
    }
    return nil
  }
}

/// A set of numbers, compressed with runs of equal words (EWAH, Lemire et al., arXiv:0901.3751), as git writes it.
struct EWAHBitmap {
  /// Each run of the set: where it starts, and either one word or the number of words that are all ones.
  private var runs: [(start: Int, word: UInt64, length: Int)] = []
  /// The number of members.
  private(set) var count = 0

  /// Reads a bitmap from the start of some bytes, and removes it from them.
  init(_ bytes: inout ArraySlice<UInt8>) throws(GitProblem) {
    let malformed = GitProblem("the index is malformed")
    let all = Array(bytes)
    guard all.count >= 12 else { throw malformed }
    let words = Int(all.number32(at: 4))
    guard words <= (all.count - 12) / 8 else { throw malformed }
    var index = 0
    var position = 0
    while index < words {
      let marker = all.number64(at: 8 + 8 * index)
      let (isOnes, length, literals) = (marker & 1 == 1, Int(marker >> 1 & 0xFFFF_FFFF), Int(marker >> 33))
      index += 1
      guard literals <= words - index, length <= 1 << 26 else { throw malformed }
      if isOnes, length > 0 {
        runs.append((position, .max, length))
        count += 64 * length
      }
      position += length
      for _ in 0..<literals {
        let word = all.number64(at: 8 + 8 * index)
        if word != 0 { runs.append((position, word, 1)) }
        count += word.nonzeroBitCount
        index += 1
        position += 1
      }
    }
    bytes = bytes.dropFirst(12 + 8 * words)
  }

  func contains(_ number: Int) -> Bool {
    let word = number / 64
    // The last run that starts at or before the word.
    var (low, high) = (0, runs.count)
    while low < high {
      let middle = (low + high) / 2
      if runs[middle].start <= word { low = middle + 1 } else { high = middle }
    }
    guard low > 0 else { return false }
    let run = runs[low - 1]
    return word < run.start + run.length && run.word >> UInt64(number % 64) & 1 == 1
  }
}
