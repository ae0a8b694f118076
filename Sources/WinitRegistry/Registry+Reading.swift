// Tensors, or slices of them, into memory.

public import Store
import TensorFiles
public import Tensors

extension Registry {
  /// The canonical bytes (little-endian, row-major) of a tensor or a slice of it.
  public func bytes(of name: TensorName, in run: Run, slice: Slice? = nil, threads: Int? = nil) throws
    -> [UInt8]
  {
    try read(name, in: run, slice, threads).bytes
  }

  /// The elements of a floating-point tensor, or of a slice of it, row-major; float64 values are rounded to the
  /// nearest `Float`, which for drawn values is exact.
  ///
  /// - Throws: `RegistryError.usage` for an integer or boolean tensor.
  public func floats(of name: TensorName, in run: Run, slice: Slice? = nil, threads: Int? = nil) throws
    -> [Float]
  {
    let (bytes, dtype) = try read(name, in: run, slice, threads)
    guard dtype.isFloatingPoint else {
      throw RegistryError.usage("`\(name)` is \(dtype); read its bytes instead")
    }
    return bytes.withUnsafeBytes { buffer in
      (0..<buffer.count / dtype.byteCount).map { Float(floatingPoint(buffer, at: $0, dtype)) }
    }
  }

  private func read(
    _ name: TensorName, in run: Run, _ slice: Slice?, _ threads: Int?
  ) throws -> (bytes: [UInt8], dtype: DType) {
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
