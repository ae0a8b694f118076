// Tensors, or slices of them, into memory.

public import Store
import TensorFiles
public import Tensors

extension Registry {
  /// The canonical bytes (little-endian, row-major) of a tensor or a slice of it.
  public func bytes(of name: TensorName, in run: Run, slice: Slice? = nil, threads: Int? = nil) throws
    -> [UInt8]
  {
    let sink = MemorySink()
    let export = try Export(store, run, Selection(tensors: [name], slice: slice), .raw)
    _ = try export.write(to: sink, threads: threads, progress: nil)
    return sink.bytes
  }

  /// The elements of a floating-point tensor, or of a slice of it, row-major; float64 values are rounded to the
  /// nearest `Float`, which for drawn values is exact.
  ///
  /// - Throws: `RegistryError.usage` for an integer or boolean tensor.
  public func floats(of name: TensorName, in run: Run, slice: Slice? = nil, threads: Int? = nil) throws
    -> [Float]
  {
    let tensor = try Export.select([name], of: run, store)[0]
    let dtype = tensor.recipe.dtype
    guard dtype.isFloatingPoint else {
      throw RegistryError.usage("`\(name)` is \(dtype); read its bytes instead")
    }
    let bytes = try bytes(of: name, in: run, slice: slice, threads: threads)
    return bytes.withUnsafeBytes { buffer in
      (0..<buffer.count / dtype.byteCount).map { Float(floatingPoint(buffer, at: $0, dtype)) }
    }
  }
}

/// Bytes in memory.
private final class MemorySink: ByteSink {
  var bytes: [UInt8] = []

  func write(_ bytes: UnsafeRawBufferPointer) { self.bytes += bytes }
}
