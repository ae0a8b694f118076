// The fill: elements of a recipe into memory. The scalar form is the definition that kernels are held to.

extension Recipe {
  /// Writes a range of elements, in canonical bytes (little-endian, row-major), straight into memory of the caller's.
  ///
  /// - Parameters:
  ///   - elements: a range of the tensor's elements.
  ///   - memory: exactly as many bytes as they have, at any alignment.
  ///   - threads: how many may fill; the bits do not depend on it.
  /// - Precondition: the law is regenerable. A literal's bytes are had from the registry that keeps them.
  public func fill(_ elements: Range<Int>, into memory: UnsafeMutableRawBufferPointer, threads: Int) {
    let size = dtype.byteCount
    precondition(memory.count == elements.count * size, "the memory must fit the range")
    let pieces = (memory.count + chunkSize - 1) / chunkSize
    // Each piece has a part of the memory to itself.
    nonisolated(unsafe) let memory = memory
    concurrently(pieces, threads: threads) { i in
      let bytes = i * chunkSize..<min((i + 1) * chunkSize, memory.count)
      fill(
        elements.lowerBound + bytes.lowerBound / size..<elements.lowerBound + bytes.upperBound / size,
        into: UnsafeMutableRawBufferPointer(rebasing: memory[bytes]))
    }
  }

  /// Writes a range of elements, in canonical bytes, into a buffer of exactly their size.
  package func fill(
    _ elements: Range<Int>, into buffer: UnsafeMutableRawBufferPointer, kernel: SIMDKernel = .current
  ) {
    precondition(buffer.count == elements.count * dtype.byteCount, "the buffer must fit the range")
    switch law {
    case .uniform, .normal, .truncatedNormal: fillDraws(elements, into: buffer, kernel)
    case .constant(let value): fillConstant(value, count: elements.count, into: buffer)
    case .eye, .dirac: fillOnes(elements, into: buffer)
    case .orthogonal, .deltaOrthogonal, .sparse: fillWhole(elements, into: buffer, kernel)
    case .parts(let parts): fillParts(parts, elements, into: buffer, kernel)
    case .literal: preconditionFailure("a literal's bytes are read, not filled")
    }
  }

  private func fillDraws(
    _ elements: Range<Int>, into buffer: UnsafeMutableRawBufferPointer, _ kernel: SIMDKernel
  ) {
    var done = 0
    while done < elements.count {
      let rest = elements.dropFirst(done)
      let memory = UnsafeMutableRawBufferPointer(rebasing: buffer[(done * dtype.byteCount)...])
      let count = fillVectors(rest, into: memory, kernel)
      if count > 0 {
        done += count
      } else {
        let few = kernel == .scalar ? rest : rest.prefix(128)
        fillScalar(
          few, into: UnsafeMutableRawBufferPointer(rebasing: memory[..<(few.count * dtype.byteCount)]))
        done += few.count
      }
    }
  }

  private func fillScalar(_ elements: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) {
    switch law {
    case .constant, .eye, .dirac, .orthogonal, .deltaOrthogonal, .sparse, .parts, .literal: break
    case .uniform(let half, let mid, let low, let high):
      store(elements, into: buffer) { word in min(max(UnitDraw.uniform(word) * half + mid, low), high) }
    case .normal(let mean, let std):
      store(elements, into: buffer) { word in UnitDraw.normal(word) * std + mean }
    case .truncatedNormal(let alpha, let beta, let low, let high, let mean, let std):
      store(elements, into: buffer) { word in
        UnitDraw.truncatedNormal(word, alpha: alpha, beta: beta, low: low, high: high) * std + mean
      }
    }
  }

  /// Converts each value to the dtype: float64 widens, the 16-bit formats round to nearest even.
  @inline(__always)
  private func store(
    _ elements: Range<Int>, into buffer: UnsafeMutableRawBufferPointer, value: (UInt32) -> Float
  ) {
    switch dtype {
    case .float32: storeEach(elements, into: buffer) { value($0).bitPattern.littleEndian }
    case .float64: storeEach(elements, into: buffer) { Double(value($0)).bitPattern.littleEndian }
    case .float16: storeEach(elements, into: buffer) { value($0).float16Bits.littleEndian }
    case .bfloat16: storeEach(elements, into: buffer) { value($0).bfloat16Bits.littleEndian }
    default: preconditionFailure("a recipe's law fits its dtype")
    }
  }

  /// Walks the words of the range block by block; element i takes word i.
  @inline(__always)
  private func storeEach<Bits: FixedWidthInteger>(
    _ elements: Range<Int>, into buffer: UnsafeMutableRawBufferPointer, bits: (UInt32) -> Bits
  ) {
    let words = WordStream(seed: seed, stream: stream)
    var index = elements.lowerBound
    var offset = 0
    while index < elements.upperBound {
      let block = words.block(UInt64(index) >> 2)
      let lanes = (index & 3)..<min(4, (index & 3) + elements.upperBound - index)
      for lane in lanes {
        buffer.storeBytes(of: bits(block[lane]), toByteOffset: offset, as: Bits.self)
        offset += MemoryLayout<Bits>.size
      }
      index += lanes.count
    }
  }

  /// Writes the number once, and then what is there behind it, until all is full.
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
