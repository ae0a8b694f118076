// A recorded tensor's chunks, each checked against its digest before anyone sees a byte of it.

import InitLaw
import Store

extension Store {
  /// Fills a buffer with a chunk: the stored blob, or where there is none, or a damaged one, the chunk filled again.
  ///
  /// - Returns: false where a blob should be there and was missing or damaged.
  /// - Throws: `RegistryError.mismatch` where the chunk filled again has another digest than the record.
  func checkedChunk(
    _ chunk: Chunk, of tensor: RecordedTensor, into buffer: UnsafeMutableRawBufferPointer
  ) throws -> Bool {
    let digest = tensor.chunkDigests[chunk.index]
    if tensor.isStored, try readChunk(chunk.index, of: tensor, into: buffer),
      Digest(hashing: UnsafeRawBufferPointer(buffer).bytes) == digest
    {
      return true
    }
    guard tensor.recipe.fill(chunk, into: buffer) == digest else {
      throw RegistryError.mismatch(
        "chunk \(chunk.index) of tensor `\(tensor.name)` does not regenerate to its recorded digest; nothing of it was given out. `verify` shows the extent"
      )
    }
    return !tensor.isStored
  }
}
