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
    let key: Key
    let count: Int
    let values = Mutex<[Float]?>(nil)

    init(_ key: Key, _ count: Int) { (self.key, self.count) = (key, count) }
  }

  /// The entries, the most recently used last.
  private let entries = Mutex<[Entry]>([])

  /// Returns the values of a region, and computes them if the cache does not have them.
  ///
  /// - Parameter count: the number of values.
  func values(_ key: Key, count: Int, compute: () -> [Float]) -> [Float] {
    let entry = entries.withLock { entries in
      let found = entries.firstIndex { $0.key == key }.map { entries.remove(at: $0) } ?? Entry(key, count)
      entries.append(found)
      var bytes = 0
      let first = entries.lastIndex { entry in
        bytes += 4 * entry.count
        return bytes > WholeTensorCache.limit
      }
      if let first { entries.removeFirst(min(first + 1, entries.count - 1)) }
      return found
    }
    return entry.values.withLock { values in
      if let values { return values }
      let made = compute()
      values = made
      return made
    }
  }
}
