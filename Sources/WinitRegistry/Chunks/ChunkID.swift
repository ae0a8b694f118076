// The identity of a chunk in a list of tensors.

import WinitCore

/// Identifies a chunk by the index of its tensor in a list of tensors, and by its index in the tensor.
struct ChunkID: Sendable, PipelineItem {
  let tensor: Int
  let chunk: Chunk

  var byteCount: Int { chunk.byteCount }
}

/// Returns the chunks of tensors of these sizes in bytes, one tensor after another. The sequence is lazy.
func allChunks(_ byteCounts: [Int]) -> some Sequence<ChunkID> {
  byteCounts.enumerated().lazy.flatMap { tensor, bytes in
    (0..<Chunk.count(ofBytes: bytes)).lazy.map { ChunkID(tensor: tensor, chunk: Chunk($0, ofBytes: bytes)) }
  }
}
