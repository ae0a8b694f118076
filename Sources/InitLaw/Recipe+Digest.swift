// Filling and hashing at once, a piece at a time, so that what is hashed is still in the first cache.

import Crypto
import Tensors

extension Recipe {
  /// How many bytes are filled before they are hashed.
  private static let piece = 1 << 15

  /// The digest of a chunk, whose bytes are nowhere kept.
  package func digest(_ chunk: Chunk) -> Digest {
    withUnsafeTemporaryAllocation(byteCount: Recipe.piece, alignment: 64) { buffer in
      digest(chunk) { UnsafeMutableRawBufferPointer(rebasing: buffer[..<$0.count]) }
    }
  }

  /// Fills a chunk into a buffer of its size.
  ///
  /// - Returns: its digest.
  package func fill(_ chunk: Chunk, into buffer: UnsafeMutableRawBufferPointer) -> Digest {
    digest(chunk) { UnsafeMutableRawBufferPointer(rebasing: buffer[$0]) }
  }

  /// Fills the pieces of a chunk, each where `place` says for its range of the chunk's bytes, and hashes them.
  private func digest(_ chunk: Chunk, _ place: (Range<Int>) -> UnsafeMutableRawBufferPointer) -> Digest {
    var hash = SHA256()
    let first = chunk.elements(dtype).lowerBound
    for start in stride(from: 0, to: chunk.byteCount, by: Recipe.piece) {
      let range = start..<min(start + Recipe.piece, chunk.byteCount)
      let elements = first + range.lowerBound / dtype.byteCount..<first + range.upperBound / dtype.byteCount
      let bytes = place(range)
      fill(elements, into: bytes)
      hash.update(bufferPointer: UnsafeRawBufferPointer(bytes))
    }
    return Digest(hash.finalize())
  }
}
