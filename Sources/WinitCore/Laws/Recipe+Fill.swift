// The fill: writes elements of a recipe to memory.

extension Recipe {
  /// Writes the canonical bytes (little-endian, row-major) of a range of elements to the caller's memory.
  ///
  /// - Parameters:
  ///   - elements: a range of the tensor's elements.
  ///   - memory: memory of exactly the size of these elements, at any alignment.
  ///   - threads: the maximum number of threads. The bits do not depend on it.
  /// - Precondition: the law is not `literal`. The bytes of a literal come from the registry that stores them.
  package func fill(_ elements: Range<Int>, into memory: UnsafeMutableRawBufferPointer, threads: Int) {
    let size = dtype.byteCount
    precondition(memory.count == elements.count * size, "the memory must have the size of the elements")
    let pieces = (memory.count + chunkSize - 1) / chunkSize
    // No two pieces share memory.
    nonisolated(unsafe) let memory = memory
    concurrently(pieces, threads: threads) { i in
      let bytes = i * chunkSize..<min((i + 1) * chunkSize, memory.count)
      fill(
        elements.lowerBound + bytes.lowerBound / size..<elements.lowerBound + bytes.upperBound / size,
        into: UnsafeMutableRawBufferPointer(rebasing: memory[bytes]))
    }
  }

  /// Writes the canonical bytes of a range of elements to a buffer of exactly their size.
  package func fill(
    _ elements: Range<Int>, into buffer: UnsafeMutableRawBufferPointer, kernel: SIMDKernel = .current
  ) {
    precondition(buffer.count == elements.count * dtype.byteCount, "the buffer must have the size of the elements")
    switch law {
    case .uniform, .normal, .truncatedNormal: fillDraws(elements, into: buffer, kernel)
    case .constant(let value): fillConstant(value, count: elements.count, into: buffer)
    case .eye, .dirac: fillIdentity(elements, into: buffer)
    case .orthogonal, .deltaOrthogonal, .sparse: fillWhole(elements, into: buffer, kernel)
    case .parts(let parts): fillParts(parts, elements, into: buffer, kernel)
    case .literal: preconditionFailure("the bytes of a literal must be read from the registry, not filled")
    }
  }

  /// Fills a buffer with `count` copies of a number: writes the first element, then copies the written bytes until the
  /// buffer is full.
  func fillConstant(_ value: Double, count: Int, into buffer: UnsafeMutableRawBufferPointer) {
    guard count > 0 else { return }
    let number = Float(value)
    let pattern: UInt64 =
      switch dtype {
      case .float64: Double(number).bitPattern
      case .float32: UInt64(number.bitPattern)
      case .float16: UInt64(number.float16Bits)
      case .bfloat16: UInt64(number.bfloat16Bits)
      default: UInt64(bitPattern: Int64(value))
      }
    let size = dtype.byteCount
    for byte in 0..<size { buffer[byte] = UInt8(truncatingIfNeeded: pattern >> UInt64(8 * byte)) }
    var done = size
    while done < buffer.count {
      let copied = min(done, 1 << 14, buffer.count - done)
      UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + copied])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[..<copied]))
      done += copied
    }
  }
}
