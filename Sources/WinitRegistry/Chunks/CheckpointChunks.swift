// Source: the files of a checkpoint.

import WinitCore
import WinitFiles

/// The chunks of the tensors of a checkpoint on disk.
struct CheckpointChunks: ChunkSource {
  let entries: [Checkpoint.Entry]

  func read(_ chunks: [ChunkID], into buffers: [UnsafeMutableRawBufferPointer]) throws -> [ChunkRead] {
    for (id, buffer) in zip(chunks, buffers) {
      try entries[id.tensor].bytes.read(at: id.chunk.byteRange.lowerBound, into: buffer)
    }
    return SHA256Digest.each(of: buffers.map { UnsafeRawBufferPointer($0) }).map { .read($0) }
  }
}
