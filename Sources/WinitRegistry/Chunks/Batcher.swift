// The items that a thread works on together, and their memory.

import Foundation
import WinitCore
import WinitStorage

/// An item that a pipeline works on. Its size is at most that of a chunk.
protocol PipelineItem: Sendable {
  var byteCount: Int { get }
}

/// Cuts a sequence into batches: up to sixteen items of a full chunk's size, which are hashed together, and the smaller
/// items between them. A batch is smaller if there would otherwise be fewer batches than threads.
struct Batcher<Items: Sequence> where Items.Element: PipelineItem {
  private var rest: Items.Iterator
  private var next: Items.Element?
  private let fullLimit: Int

  init(_ items: Items, totalBytes: Int, threads: Int) {
    rest = items.makeIterator()
    next = rest.next()
    fullLimit = max(1, min(BatchMemory.fullLimit, totalBytes / chunkSize / threads))
  }

  /// Returns the next batch, or nil at the end.
  mutating func take() -> [Items.Element]? {
    var batch: [Items.Element] = []
    var (bytes, full) = (0, 0)
    while let item = next, batch.count < BatchMemory.itemLimit {
      bytes += BatchMemory.space(for: item)
      full += item.byteCount == chunkSize ? 1 : 0
      guard bytes <= BatchMemory.byteCount, full <= fullLimit else { break }
      batch.append(item)
      next = rest.next()
    }
    return batch.isEmpty ? nil : batch
  }
}

/// The limits of a batch, and the layout of its memory.
enum BatchMemory {
  /// The size of the memory: sixteen full chunks and the small chunks between them.
  static var byteCount: Int { Store.transactionSize }
  static let fullLimit = 16
  /// Small items: each batch begins a transaction or joins one, which writes the changed pages of the indices and flushes
  /// the disk.
  static let itemLimit = 8192

  /// The alignment of the memory: that of a large page on x86-64, and on Arm with pages of 4 KiB.
  static let alignment = 1 << 21

  /// Asks the system for large pages: the page faults of a chunk in pages of 4 KiB take longer than its fill. A system
  /// without large pages ignores the request. macOS has no such request.
  static func useLargePages(_ memory: UnsafeMutableRawBufferPointer) {
    #if os(Linux)
      madvise(memory.baseAddress, memory.count, MADV_HUGEPAGE)
    #endif
  }

  /// Returns the number of bytes that an item takes in the memory: a multiple of 64, so that the next item is aligned,
  /// and not a power of two, because sixteen chunks that are hashed together would then be in the same few cache sets.
  static func space(for item: some PipelineItem) -> Int { ((item.byteCount + 63) & ~63) + 64 }
}
