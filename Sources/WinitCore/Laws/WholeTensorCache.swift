// A cache of tensors that can only be computed whole.

import Synchronization

/// Keeps the most recently used whole tensors, so that their chunks can be filled one after another.
///
/// If another caller is computing the same tensor, a caller waits for the result. Different tensors are computed in
/// parallel.
final class WholeTensorCache: Sendable {
  static let shared = WholeTensorCache()

  /// The maximum number of bytes in the cache. The cache always keeps the last tensor, which may be larger.
  private static let limit = 256 << 20

  private final class Entry: Sendable {
    let recipe: Recipe
    let values = Mutex<[Float]?>(nil)

    init(_ recipe: Recipe) { self.recipe = recipe }
  }

  /// The entries, the most recently used last.
  private let entries = Mutex<[Entry]>([])

  /// Returns the elements of a tensor, and computes them if the cache does not have them.
  func elements(of recipe: Recipe, kernel: SIMDKernel) -> [Float] {
    let entry = entries.withLock { entries in
      let found = entries.firstIndex { $0.recipe == recipe }.map { entries.remove(at: $0) } ?? Entry(recipe)
      entries.append(found)
      var bytes = 0
      let first = entries.lastIndex { entry in
        bytes += 4 * entry.recipe.shape.elementCount
        return bytes > WholeTensorCache.limit
      }
      if let first { entries.removeFirst(min(first + 1, entries.count - 1)) }
      return found
    }
    return entry.values.withLock { values in
      if let values { return values }
      let made = recipe.makeWhole(kernel)
      values = made
      return made
    }
  }
}
