// The fill: elements of a recipe into memory. The scalar form is the definition that kernels are held to.

import Philox
import Tensors

extension Recipe {
  /// Writes a range of elements, in canonical bytes, into a buffer of exactly their size.
  package func fill(
    _ elements: Range<Int>, into buffer: UnsafeMutableRawBufferPointer, kernel: Kernel = .current
  ) {
    precondition(buffer.count == elements.count * dtype.byteCount, "the buffer must fit the range")
    let vectors = fillVectors(elements, into: buffer, kernel)
    let size = dtype.byteCount
    func part(_ range: Range<Int>) -> UnsafeMutableRawBufferPointer {
      let bytes =
        (range.lowerBound - elements.lowerBound) * size..<(range.upperBound - elements.lowerBound) * size
      return UnsafeMutableRawBufferPointer(rebasing: buffer[bytes])
    }
    let head = elements.lowerBound..<vectors.lowerBound
    let tail = vectors.upperBound..<elements.upperBound
    if !head.isEmpty { fillScalar(head, into: part(head)) }
    if !tail.isEmpty { fillScalar(tail, into: part(tail)) }
  }

  private func fillScalar(_ elements: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) {
    switch law {
    case .constant(let value):
      if dtype.isFloatingPoint {
        let number = Float(value)
        store(elements, into: buffer) { _ in number }
      } else {
        storeInteger(Int64(value), count: elements.count, into: buffer)
      }
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

  private func storeInteger(_ value: Int64, count: Int, into buffer: UnsafeMutableRawBufferPointer) {
    let size = dtype.byteCount
    let pattern = UInt64(bitPattern: value)
    for i in 0..<count {
      for byte in 0..<size {
        buffer[i * size + byte] = UInt8(truncatingIfNeeded: pattern >> UInt64(8 * byte))
      }
    }
  }
}
