// The singular values of the weights of a model.

import Foundation
import Synchronization
import WinitCore
import WinitDiagnosis

extension DiagnosedModel {
  /// A matrix above this size is read and reduced alone, by all threads. Smaller ones take a thread each.
  private static let largeMatrix = 1 << 28

  /// Returns the spectrum of each weight with bytes of its own, by its place in `tensors`. A constant weight has none.
  ///
  /// Memory: one large matrix at a time, or a smaller one for each thread.
  func spectra(_ scanned: [ScannedTensor], _ options: DiagnosisOptions) throws -> [Int: Spectrum] {
    let threads = options.threads ?? ProcessInfo.processInfo.activeProcessorCount
    let weights = sources.indices.filter { source in
      let tensor = tensors[sources[source]]
      return tensor.shape.rank > 1 && scanned[sources[source]].statistics.std > 0
    }
    func isLarge(_ source: Int) -> Bool {
      let tensor = tensors[sources[source]]
      return SpectrumMatrix.byteCount(tensor.shape, tensor.dtype) > DiagnosedModel.largeMatrix
    }
    let found = Mutex<[Int: Spectrum]>([:])
    let small = weights.filter { !isLarge($0) }
    // The threads of the loop have the context of this one, so that a request to stop reaches them.
    let context = OperationContext.current
    try concurrently(small.count, threads: threads) { i in
      try OperationContext.$current.withValue(context) {
        let spectrum = try withLawArithmetic { try self.spectrum(of: small[i], scanned, threads: 1) }
        found.withLock { $0[sources[small[i]]] = spectrum }
      }
    }
    for source in weights where isLarge(source) {
      let spectrum = try spectrum(of: source, scanned, threads: threads)
      found.withLock { $0[sources[source]] = spectrum }
    }
    return found.withLock { $0 }
  }

  private func spectrum(of source: Int, _ scanned: [ScannedTensor], threads: Int) throws -> Spectrum? {
    let tensor = tensors[sources[source]]
    guard let matrix = try SpectrumMatrix(shape: tensor.shape, dtype: tensor.dtype, fanSource: tensor.fanSource) else {
      return nil
    }
    let size = tensor.byteCount
    try withUnsafeTemporaryAllocation(byteCount: min(size, chunkSize), alignment: 64) { buffer in
      for index in 0..<Chunk.count(ofBytes: size) {
        try OperationContext.current.cancellation.check()
        let chunk = Chunk(index, ofBytes: size)
        let bytes = UnsafeMutableRawBufferPointer(rebasing: buffer[..<chunk.byteCount])
        _ = try read([ChunkID(tensor: source, chunk: chunk)], [bytes])
        matrix.store(UnsafeRawBufferPointer(bytes), chunk: chunk)
      }
    }
    return try matrix.spectrum(std: scanned[sources[source]].statistics.std, name: tensor.name, threads: threads)
  }
}
