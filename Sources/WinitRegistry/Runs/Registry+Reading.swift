// Tensors, or slices of them, into memory.

import Foundation
public import WinitCore
import WinitFiles
public import WinitStorage

extension Registry {
  /// Writes the canonical bytes (little-endian, row-major) of a whole tensor straight into memory of the caller's: stored
  /// chunks are read there, others filled there, in parallel, and each is held against its digest.
  ///
  /// - Parameters:
  ///   - memory: as many bytes as the tensor has, at any alignment. Anything may stand there after an error.
  ///   - threads: nil for one per processor.
  /// - Throws: `RegistryError` where the run has no such tensor, the memory has another size, or a chunk does not
  ///   regenerate to its recorded digest.
  public func read(
    _ name: TensorName, in run: Run, into memory: UnsafeMutableRawBufferPointer, threads: Int? = nil
  ) throws {
    let tensors = try Export.select([name], of: run, store)
    let size = tensors[0].recipe.byteCount
    guard memory.count == size else {
      throw RegistryError.usage("`\(name)` has \(size) bytes, and the memory \(memory.count)")
    }
    let threads = max(1, threads ?? ProcessInfo.processInfo.activeProcessorCount)
    var batches = Batcher(allChunks([size]), totalBytes: size, threads: threads)
    var all: [[ChunkID]] = []
    while let batch = batches.take() { all.append(batch) }
    // Each batch has chunks of its own, and so a part of the memory to itself.
    nonisolated(unsafe) let memory = memory
    let (tasks, store) = (all, store)
    try concurrently(tasks.count, threads: threads) { i in
      let buffers = tasks[i].map { UnsafeMutableRawBufferPointer(rebasing: memory[$0.chunk.byteRange]) }
      _ = try store.checkedChunks(tasks[i], of: tensors, into: buffers)
    }
  }

  /// The canonical bytes (little-endian, row-major) of a tensor or a slice of it.
  public func bytes(of name: TensorName, in run: Run, slice: Slice? = nil, threads: Int? = nil) throws
    -> [UInt8]
  {
    try bytesAndDType(name, in: run, slice, threads).bytes
  }

  /// The elements of a floating-point tensor, or of a slice of it, row-major; float64 values are rounded to the
  /// nearest `Float`, which for drawn values is exact.
  ///
  /// - Throws: `RegistryError.usage` for an integer or boolean tensor.
  public func floats(of name: TensorName, in run: Run, slice: Slice? = nil, threads: Int? = nil) throws
    -> [Float]
  {
    let (bytes, dtype) = try bytesAndDType(name, in: run, slice, threads)
    guard dtype.isFloatingPoint else {
      throw RegistryError.usage("`\(name)` is \(dtype); read its bytes instead")
    }
    return bytes.withUnsafeBytes { buffer in
      (0..<buffer.count / dtype.byteCount).map { Float(floatingPoint(buffer, at: $0, dtype)) }
    }
  }

  private func bytesAndDType(
    _ name: TensorName, in run: Run, _ slice: Slice?, _ threads: Int?
  ) throws -> (bytes: [UInt8], dtype: DType) {
    guard let slice else {
      let recipe = try Export.select([name], of: run, store)[0].recipe
      let bytes = try [UInt8](unsafeUninitializedCapacity: recipe.byteCount) { buffer, count in
        let memory = UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: recipe.byteCount)
        try read(name, in: run, into: memory, threads: threads)
        count = recipe.byteCount
      }
      return (bytes, recipe.dtype)
    }
    let sink = MemorySink()
    let export = try Export(store, run, Selection(tensors: [name], slice: slice), .raw)
    _ = try export.write(to: sink, threads: threads, progress: nil)
    return (sink.bytes, export.tensors[0].recipe.dtype)
  }
}

/// Bytes in memory.
private final class MemorySink: ByteSink {
  var bytes: [UInt8] = []

  func write(_ bytes: UnsafeRawBufferPointer) { self.bytes += bytes }
}
