// Elementwise random laws. The scalar form in this file is the definition, with which the tests compare every kernel.

extension Recipe {
  /// Fills a range of elements with a kernel, or with the scalar form.
  func fillDraws(
    _ elements: Range<Int>, into buffer: UnsafeMutableRawBufferPointer, _ kernel: SIMDKernel
  ) {
    if !fillVectors(elements, into: buffer, kernel) { fillScalar(elements, into: buffer) }
  }

  /// Fills a range of elements, one element at a time.
  private func fillScalar(_ elements: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) {
    switch law {
    case .uniform(let half, let mid, let low, let high):
      store(elements, into: buffer) { word in min(max(UnitDraw.uniform(word) * half + mid, low), high) }
    case .normal(let mean, let std):
      store(elements, into: buffer) { word in UnitDraw.normal(word) * std + mean }
    case .truncatedNormal(let alpha, let beta, let low, let high, let mean, let std):
      store(elements, into: buffer) { word in
        UnitDraw.truncatedNormal(word, alpha: alpha, beta: beta, low: low, high: high) * std + mean
      }
    default: preconditionFailure("only an elementwise random law has draws")
    }
  }

  /// Stores each value in the dtype: float64 widens, and the 16-bit formats round to nearest, ties to even.
  @inline(__always)
  private func store(
    _ elements: Range<Int>, into buffer: UnsafeMutableRawBufferPointer, value: (UInt32) -> Float
  ) {
    switch dtype {
    case .float32: storeEach(elements, into: buffer) { value($0).bitPattern.littleEndian }
    case .float64: storeEach(elements, into: buffer) { Double(value($0)).bitPattern.littleEndian }
    case .float16: storeEach(elements, into: buffer) { value($0).float16Bits.littleEndian }
    case .bfloat16: storeEach(elements, into: buffer) { value($0).bfloat16Bits.littleEndian }
    default: preconditionFailure("a random law must have a floating-point dtype")
    }
  }

  /// Computes the words of the range block by block, and stores the bits of each element. Element i takes word i.
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
}
