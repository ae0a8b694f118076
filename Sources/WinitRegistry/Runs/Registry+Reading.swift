// Reading tensors, or slices of tensors, into memory.

import WinitCore
import WinitFiles
import WinitJSON
import WinitStorage

extension Registry {
  /// Writes the bytes of a whole tensor (little-endian, row-major) directly into memory of the caller. Stored chunks
  /// are read into the memory, and other chunks are regenerated there, in parallel. Every chunk is verified against its
  /// digest.
  ///
  /// ```swift
  /// let weights = UnsafeMutableRawBufferPointer.allocate(byteCount: tensor.byteCount, alignment: 64)
  /// defer { weights.deallocate() }
  /// try registry.read(tensor.name, in: run, into: weights)
  /// ```
  ///
  /// - Parameters:
  ///   - name: the name of the tensor.
  ///   - run: a run of this registry.
  ///   - memory: memory of exactly ``RunTensor/byteCount`` bytes, at any alignment, that belongs to the caller. After
  ///     an error its content is undefined.
  ///   - threads: the number of worker threads; nil for one per processor.
  /// - Throws: `RegistryError` with the code `tensorNotFound`, `invalidArgument` if the memory has another size, or
  ///   `mismatch` if a chunk has other bytes than recorded and does not regenerate.
  public func read(
    _ name: String, in run: Run, into memory: UnsafeMutableRawBufferPointer, threads: Int? = nil
  ) throws {
    try translatingErrors {
      let tensors = try selectedRecords([name], of: run)
      try read(tensors[0], into: memory, threads: threads)
    }
  }

  private func read(_ tensor: TensorRecord, into memory: UnsafeMutableRawBufferPointer, threads: Int?) throws {
    let size = tensor.recipe.byteCount
    guard memory.count == size else {
      throw RegistryError.invalidArgument(
        "\(quoted: tensor.name) has \(size) bytes, and the memory has \(memory.count)")
    }
    let reader = VerifiedReader(try store, [tensor])
    try reader.checkMemory()
    let pipeline = ChunkPipeline<ChunkID>(
      threads: threads,
      memory: .external { UnsafeMutableRawBufferPointer(rebasing: memory[$0.chunk.byteRange]) })
    try pipeline.run(allChunks([size]), totalBytes: size) {
      try reader.read($0, into: $1)
    } consume: { _ in
    }
  }

  /// Returns the bytes of a tensor, or of a slice of it: elements of ``RunTensor/dtype``, little-endian, in row-major
  /// order. A slice reads or regenerates only the chunks that it touches.
  ///
  /// - Parameters:
  ///   - name: the name of the tensor.
  ///   - run: a run of this registry.
  ///   - slice: the slice; nil for the whole tensor.
  ///   - threads: the number of worker threads; nil for one per processor.
  /// - Throws: `RegistryError` with the code `tensorNotFound`, `invalidSlice` if the slice does not fit the shape, or
  ///   `mismatch` if a chunk has other bytes than recorded and does not regenerate.
  public func bytes(of name: String, in run: Run, slice: TensorSlice? = nil, threads: Int? = nil) throws -> [UInt8] {
    try translatingErrors { try read(name, in: run, slice, threads).bytes }
  }

  /// Returns the elements of a floating-point tensor, or of a slice of it, in row-major order. float64 values are
  /// rounded to the nearest `Float`, which is exact for elements that were filled from a recipe; the other dtypes are
  /// always exact.
  ///
  /// ```swift
  /// let rows = try registry.floats(of: "fc.weight", in: run, slice: TensorSlice("0:10,:"))
  /// ```
  ///
  /// - Parameters:
  ///   - name: the name of the tensor.
  ///   - run: a run of this registry.
  ///   - slice: the slice; nil for the whole tensor. It reads or regenerates only the chunks that it touches.
  ///   - threads: the number of worker threads; nil for one per processor.
  /// - Throws: `RegistryError` with the code `tensorNotFound`, `invalidSlice` if the slice does not fit the shape,
  ///   `mismatch` if a chunk has other bytes than recorded and does not regenerate, or `invalidArgument` for an integer
  ///   or boolean tensor.
  public func floats(of name: String, in run: Run, slice: TensorSlice? = nil, threads: Int? = nil) throws -> [Float] {
    try translatingErrors {
      let (bytes, dtype) = try read(name, in: run, slice, threads)
      guard dtype.isFloatingPoint else {
        throw RegistryError.invalidArgument(
          "\(quoted: name) is \(dtype), which `floats` does not return. Read its bytes")
      }
      return bytes.withUnsafeBytes { buffer in
        (0..<buffer.count / dtype.byteCount).map { Float(floatingPoint(buffer, at: $0, dtype)) }
      }
    }
  }

  private func read(
    _ name: String, in run: Run, _ slice: TensorSlice?, _ threads: Int?
  ) throws -> (bytes: [UInt8], dtype: WinitCore.DType) {
    guard let slice else {
      let tensor = try selectedRecords([name], of: run)[0]
      let size = tensor.recipe.byteCount
      let bytes = try [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
        try read(
          tensor, into: UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: size), threads: threads)
        count = size
      }
      return (bytes, tensor.recipe.dtype)
    }
    let sink = MemorySink()
    let export = try Export(self, run, TensorSelection(tensors: [name], slice: slice))
    _ = try export.write(to: StreamTarget([], sink), threads: threads, progress: nil)
    return (sink.bytes, export.items[0].dtype)
  }
}

/// Sink: bytes in memory.
private final class MemorySink: ByteSink {
  var bytes: [UInt8] = []

  func write(_ bytes: UnsafeRawBufferPointer) { self.bytes += bytes }
}
