// A recorded tensor's chunks, each checked against its digest before anyone sees a byte of it.

import WinitCore
import WinitStorage

extension Store {
  /// Fills each buffer with a chunk: the stored blob, or where there is none, or a damaged one, the chunk filled again.
  ///
  /// - Returns: for each chunk false where a blob should be there and was missing or damaged.
  /// - Throws: `RegistryError.mismatch` where a chunk filled again has another digest than the record.
  func checkedChunks(
    _ tasks: [ChunkID], of tensors: [RecordedTensor], into buffers: [UnsafeMutableRawBufferPointer]
  ) throws -> [Bool] {
    func recorded(_ i: Int) -> Digest { tensors[tasks[i].tensor].chunkDigests[tasks[i].chunk.index] }
    let kept = tasks.indices.filter { tensors[tasks[$0].tensor].isStored }
    let isRead = try readChunks(
      kept.map { (tensors[tasks[$0].tensor], tasks[$0].chunk.index) }, into: kept.map { buffers[$0] })
    let read = zip(kept, isRead).filter(\.1).map(\.0)
    let digests = Digest.each(of: read.map { UnsafeRawBufferPointer(buffers[$0]) })
    let intact = Set(zip(read, digests).filter { recorded($0) == $1 }.map(\.0))
    let rest = tasks.indices.filter { !intact.contains($0) }
    for i in rest where !tensors[tasks[i].tensor].recipe.law.isRegenerable {
      throw RegistryError.mismatch(
        "chunk \(tasks[i].chunk.index) of tensor `\(tensors[tasks[i].tensor].name)` is damaged, and a literal's bytes cannot be made again; nothing of it was given out"
      )
    }
    let filled = Digest.each(
      filling: rest.map { tensors[tasks[$0].tensor].recipeChunk(tasks[$0].chunk) },
      into: rest.map { buffers[$0] })
    for (i, digest) in zip(rest, filled) where digest != recorded(i) {
      throw RegistryError.mismatch(
        "chunk \(tasks[i].chunk.index) of tensor `\(tensors[tasks[i].tensor].name)` does not regenerate to its recorded digest; nothing of it was given out. `verify` shows the extent"
      )
    }
    // What was stripped meanwhile is not damaged.
    return try tasks.indices.map { i in
      let tensor = tensors[tasks[i].tensor]
      return try intact.contains(i) || !tensor.isStored || !isKept(tensor)
    }
  }
}
