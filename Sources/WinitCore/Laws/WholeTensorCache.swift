// A cache of tensors that can only be computed whole.

import Synchronization

/// Keeps the most recently used whole tensors, so that their chunks can be filled one after another.
///
/// If another caller is computing the same tensor, a caller waits for the result. Different tensors are computed in
/// parallel.
final class WholeTensorCache: Sendable {
  static let shared = WholeTensorCache()

  /// What determines the values of a whole region.
  struct Key: Sendable, Hashable {
    var seed: UInt64
    var stream: UInt64
    var law: Law
    var region: Region
    var source: Recipe?
  }

  /// The maximum number of bytes in the cache. The cache always keeps the last tensor, which may be larger.
  private static let limit = 256 << 20

  private final class Entry: Sendable {
    /// The bytes of the values, and about as much as their bookkeeping takes.
    let byteCount: Int
    let values = Mutex<LargeArray<Float>?>(nil)

    init(count: Int) { byteCount = 4 * count + 1024 }
  }

  /// The entries, with the order in which they were used. A model may have many thousands of small matrices, so no entry
  /// is searched for.
  private struct Entries: Sendable {
    private var entries: [Key: (entry: Entry, lastUse: Int)] = [:]
    /// The uses in their order. All but the last use of an entry are void.
    private var uses: [(time: Int, key: Key)] = []
    private var firstUse = 0
    private var time = 0
    private var byteCount = 0

    /// Returns the entry of a key, and drops those that were not used for the longest time if there are too many bytes.
    mutating func entry(_ key: Key, count: Int) -> Entry {
      let entry = entries[key]?.entry ?? Entry(count: count)
      time += 1
      if entries.updateValue((entry, time), forKey: key) == nil { byteCount += entry.byteCount }
      uses.append((time, key))
      while byteCount > WholeTensorCache.limit, entries.count > 1 { dropFirst() }
      if uses.count > 2 * entries.count + 64 {
        uses = uses[firstUse...].filter { entries[$0.key]?.lastUse == $0.time }
        firstUse = 0
      }
      return entry
    }

    private mutating func dropFirst() {
      let (time, key) = uses[firstUse]
      firstUse += 1
      guard let (entry, lastUse) = entries[key], lastUse == time else { return }
      entries[key] = nil
      byteCount -= entry.byteCount
    }
  }

  private let entries = Mutex(Entries())

  /// Returns the values of a region, and computes them if the cache does not have them.
  ///
  /// - Parameters:
  ///   - count: the number of values.
  ///   - memory: the memory that the computation takes, in bytes.
  /// - Throws: `InsufficientMemory` if there is not so much, or `CancellationError` if the fill was cancelled.
  func values(
    _ key: Key, count: Int, memory: Int, compute: () throws -> LargeArray<Float>
  ) throws -> LargeArray<Float> {
    let entry = entries.withLock { $0.entry(key, count: count) }
    return try entry.values.withLock { values in
      if let values { return values }
      if FillMonitor.current?.isCancelled == true { throw CancellationError() }
      let made = try MemoryGate.shared.admit(memory, compute)
      values = made
      return made
    }
  }
}
