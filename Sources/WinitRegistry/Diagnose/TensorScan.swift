// One pass over the bytes of a model: the statistics and the digest of each tensor.

import WinitCore
import WinitDiagnosis

/// What the bytes of a tensor show.
struct ScannedTensor: Sendable {
  let statistics: TensorStatistics
  let digest: SHA256Digest
}

/// A tensor whose chunks are being added.
private struct OpenTensor {
  private var accumulator: TensorStatistics.Accumulator
  private var digests: DigestList

  init(_ tensor: DiagnosedTensor) {
    accumulator = tensor.accumulator
    digests = DigestList(repeatingZero: Chunk.count(ofBytes: tensor.byteCount))
  }

  mutating func add(_ chunk: Chunk, _ digest: SHA256Digest, _ statistics: ChunkStatistics) {
    digests[chunk.index] = digest
    accumulator.add(statistics)
  }

  var scanned: ScannedTensor {
    ScannedTensor(statistics: accumulator.finish(), digest: SHA256Digest(ofChunks: digests))
  }
}

extension DiagnosedTensor {
  fileprivate var accumulator: TensorStatistics.Accumulator {
    TensorStatistics.Accumulator(shape: shape, dtype: dtype, fanSource: fanSource)
  }
}

extension DiagnosedModel {
  /// Reads every chunk once, on several threads and in bounded memory. The statistics of the chunks are added in their
  /// order, so that the bits do not depend on the threads.
  ///
  /// - Returns: what the bytes of each tensor show; a tied tensor has that of its target.
  func scan(threads: Int?, progress: ProgressHandler?) throws -> [ScannedTensor] {
    let own = sources.map { tensors[$0] }
    let sizes = sourceSizes
    let total = sizes.reduce(0, +)
    let reporter = ProgressReporter(progress, total: total)
    var scanned: [ScannedTensor] = []
    scanned.reserveCapacity(own.count)
    // The tensor whose chunks are being added. An accumulator has buffers, so that only one is kept.
    var open: OpenTensor?
    func finish(before next: Int) {
      if let done = open {
        scanned.append(done.scanned)
        open = nil
      }
      // A tensor without elements has no chunk.
      while scanned.count < next { scanned.append(OpenTensor(own[scanned.count]).scanned) }
    }
    let read = read
    try ChunkPipeline<ChunkID>(threads: threads, memory: .pooled).run(
      allChunks(sizes), totalBytes: total, progress: reporter
    ) { chunks, buffers in
      let digests = try read(chunks, buffers)
      var last: (tensor: Int, accumulator: TensorStatistics.Accumulator)?
      return chunks.indices.map { i in
        let index = chunks[i].tensor
        let accumulator = last?.tensor == index ? last?.accumulator : nil
        let used = accumulator ?? own[index].accumulator
        last = (index, used)
        return (digests[i], used.partial(of: UnsafeRawBufferPointer(buffers[i]), chunk: chunks[i].chunk))
      }
    } consume: { batch in
      for chunk in batch {
        if chunk.item.chunk.index == 0 {
          finish(before: chunk.item.tensor)
          open = OpenTensor(own[chunk.item.tensor])
        }
        open?.add(chunk.item.chunk, chunk.result.0, chunk.result.1)
      }
      try reporter.add(batch.reduce(0) { $0 + $1.bytes.count })
    }
    finish(before: own.count)
    let found = Dictionary(zip(own.map(\.name), scanned)) { first, _ in first }
    return tensors.map { tensor in
      (found[tensor.name] ?? tensor.tiedTo.flatMap { found[$0] })
        ?? ScannedTensor(statistics: TensorStatistics(), digest: SHA256Digest(ofChunks: []))
    }
  }

  /// Returns the elements of a floating-point tensor; nil if there is none with this name, or if it has another dtype.
  func elements(of name: TensorName, threads: Int?) throws -> [Float]? {
    guard let index = tensors.firstIndex(where: { $0.name == name }) else { return nil }
    if let target = tensors[index].tiedTo, target != name, !tensors[index].hasOwnBytes, !sources.contains(index) {
      return try elements(of: target, threads: threads)
    }
    guard let source = sources.firstIndex(of: index), DType(tensors[index].dtype).isFloatingPoint else { return nil }
    let (size, dtype, read) = (tensors[index].byteCount, tensors[index].dtype, read)
    var values: [Float] = []
    values.reserveCapacity(tensors[index].shape.elementCount)
    let chunks = (0..<Chunk.count(ofBytes: size)).lazy.map { ChunkID(tensor: source, chunk: Chunk($0, ofBytes: size)) }
    try ChunkPipeline<ChunkID>(threads: threads, memory: .pooled).run(chunks, totalBytes: size) { chunks, buffers in
      try read(chunks, buffers)
    } consume: { batch in
      for chunk in batch { values += dtype.values(chunk.bytes).lazy.map { Float($0) } }
    }
    return values
  }
}
