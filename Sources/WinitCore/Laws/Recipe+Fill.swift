// The fill: writes elements of a recipe to memory.

extension Recipe {
  /// Writes the canonical bytes (little-endian, row-major) of a range of elements to the caller's memory.
  ///
  /// - Parameters:
  ///   - elements: a range of the tensor's elements.
  ///   - memory: memory of exactly the size of these elements, at any alignment.
  ///   - threads: the maximum number of threads. The bits do not depend on it.
  /// - Precondition: the recipe is regenerable. Other bytes come from the registry that stores them.
  /// - Throws: `InsufficientMemory` if the law needs the whole tensor, and there is no memory for it.
  package func fill(_ elements: Range<Int>, into memory: UnsafeMutableRawBufferPointer, threads: Int) throws {
    let size = dtype.byteCount
    precondition(memory.count == elements.count * size, "the memory must have the size of the elements")
    let pieces = (memory.count + chunkSize - 1) / chunkSize
    // No two pieces share memory.
    nonisolated(unsafe) let memory = memory
    try concurrently(pieces, threads: threads) { i in
      let bytes = i * chunkSize..<min((i + 1) * chunkSize, memory.count)
      try fill(
        elements.lowerBound + bytes.lowerBound / size..<elements.lowerBound + bytes.upperBound / size,
        into: UnsafeMutableRawBufferPointer(rebasing: memory[bytes]))
    }
  }

  /// Writes the canonical bytes of a range of elements to a buffer of exactly their size.
  ///
  /// - Throws: `InsufficientMemory` if the law needs the whole tensor, and there is no memory for it, or
  ///   `CancellationError` if `FillMonitor.current` is cancelled. Then the bytes are undefined.
  package func fill(
    _ elements: Range<Int>, into buffer: UnsafeMutableRawBufferPointer, kernel: SIMDKernel = .current
  ) throws {
    try fill(elements, into: buffer, kernel: kernel) { _, _, _ in
      preconditionFailure("the bytes of a literal must be read from the registry, not filled")
    }
  }

  /// Writes the canonical bytes of a range of elements to a buffer of exactly their size, with the given bytes of the
  /// parts that are literals.
  ///
  /// - Parameter literal: called for each contiguous piece of a literal, with the index of the part, the row-major
  ///   indices within the box of the part, and the memory for their bytes.
  /// - Throws: `InsufficientMemory`, or an error of `literal`.
  package func fill(
    _ elements: Range<Int>, into buffer: UnsafeMutableRawBufferPointer, kernel: SIMDKernel = .current,
    literal: (_ part: Int, _ indices: Range<Int>, _ memory: UnsafeMutableRawBufferPointer) throws -> Void
  ) throws {
    precondition(buffer.count == elements.count * dtype.byteCount, "the buffer must have the size of the elements")
    try withLawArithmetic {
      switch law {
      case .uniform, .normal, .truncatedNormal: fillDraws(elements, into: buffer, kernel)
      case .constant(let value): fillConstant(value, count: elements.count, into: buffer)
      case .expression(let draw, let tree):
        fillExpression(tree, draw, words: elements, index: elements.lowerBound, shape.dims, into: buffer, kernel)
      case .normOf(_, let axes): try fillNorm(axes, elements, into: buffer, kernel)
      case .eye, .dirac, .orthogonal, .deltaOrthogonal, .sparse, .batched:
        try fillStructure(Region(shape.dims), elements, into: buffer, kernel)
      case .parts(let parts): try fillParts(parts, elements, into: buffer, kernel, literal)
      case .literal: try literal(0, elements, buffer)
      }
    }
  }

  /// Returns the bytes of values in the dtype.
  package func bytes(of values: LargeArray<Float>) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: values.count * dtype.byteCount)
    bytes.withUnsafeMutableBytes { store(values, 0..<values.count, into: $0) }
    return bytes
  }

  /// The bytes of an element of a constant.
  ///
  /// - Precondition: the law is `constant`.
  package var constantBytes: [UInt8] {
    guard case .constant(let value) = law else { preconditionFailure("the law is not `constant`") }
    var bytes = [UInt8](repeating: 0, count: dtype.byteCount)
    withLawArithmetic { bytes.withUnsafeMutableBytes { fillConstant(value, count: 1, into: $0) } }
    return bytes
  }

  /// Returns the draw of a word, in binary32.
  ///
  /// - Precondition: the law is `uniform`, `normal` or `truncated_normal`, and the dtype float32.
  func draw(_ word: Int) -> Double {
    withUnsafeTemporaryAllocation(byteCount: 4, alignment: 4) { buffer in
      withLawArithmetic { fillDraws(word..<word + 1, into: buffer, .current) }
      return DType.float32.values(UnsafeRawBufferPointer(buffer))[0]
    }
  }

  /// Stores a value of the law as an element of the dtype.
  @inline(__always)
  func store(_ value: Float, at place: Int, in buffer: UnsafeMutableRawBufferPointer) {
    switch dtype {
    case .float64:
      buffer.storeBytes(of: Double(value).bitPattern.littleEndian, toByteOffset: 8 * place, as: UInt64.self)
    case .float16: buffer.storeBytes(of: value.float16Bits.littleEndian, toByteOffset: 2 * place, as: UInt16.self)
    case .bfloat16: buffer.storeBytes(of: value.bfloat16Bits.littleEndian, toByteOffset: 2 * place, as: UInt16.self)
    default: buffer.storeBytes(of: value.bitPattern.littleEndian, toByteOffset: 4 * place, as: UInt32.self)
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
