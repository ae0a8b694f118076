// Elements of any dtype as binary64 numbers.

import WinitCore

/// Reads the elements of a dtype as binary64 numbers: exactly, except for integers beyond 2⁵³, which are rounded. −0
/// gives 0, so that equal numbers have equal bits. The values of `complex64` are not read.
struct ElementDecoder: Sendable {
  let dtype: DType
  /// The value of each bit pattern, for dtypes of at most 8 bits.
  private let table: [Double]

  private let kernel: StatisticsKernel

  init(_ dtype: DType, kernel: StatisticsKernel = StatisticsKernel(.current)) {
    (self.dtype, self.kernel) = (dtype, kernel)
    table = SmallFloat(dtype).map { float in (0..<1 << UInt64(dtype.bitCount)).map { float.value($0) + 0 } } ?? []
  }

  /// Whether the elements are numbers whose order and powers have a meaning.
  var isReal: Bool { dtype != .complex64 }

  /// Whether the dtype is floating-point, with any number of bits.
  var isFloating: Bool { dtype.isFloatingPoint || !table.isEmpty }

  /// Reads elements.
  ///
  /// - Parameters:
  ///   - bytes: little-endian elements, without an alignment.
  ///   - firstBit: the offset of the first element in bits; a multiple of 8 for dtypes of whole bytes.
  func read(
    _ bytes: UnsafeRawBufferPointer, firstBit: Int, count: Int, into values: UnsafeMutablePointer<Double>
  ) {
    let start = UnsafeRawBufferPointer(rebasing: bytes[(firstBit / 8)...])
    switch dtype {
    case .float64: kernel.read(start, .float64, count: count, into: values)
    case .float32: kernel.read(start, .float32, count: count, into: values)
    case .bfloat16: kernel.read(start, .bfloat16, count: count, into: values)
    case .float16: kernel.read(start, .float16, count: count, into: values)
    case .int64: convert(UInt64.self, start, count, values) { Double(Int64(bitPattern: $0)) }
    case .int32: convert(UInt32.self, start, count, values) { Double(Int32(bitPattern: $0)) }
    case .int16: convert(UInt16.self, start, count, values) { Double(Int16(bitPattern: $0)) }
    case .int8: convert(UInt8.self, start, count, values) { Double(Int8(bitPattern: $0)) }
    case .uint64: convert(UInt64.self, start, count, values) { Double($0) }
    case .uint32: convert(UInt32.self, start, count, values) { Double($0) }
    case .uint16: convert(UInt16.self, start, count, values) { Double($0) }
    case .uint8: convert(UInt8.self, start, count, values) { Double($0) }
    case .bool: convert(UInt8.self, start, count, values) { $0 == 0 ? 0 : 1 }
    case .float8_e4m3fn, .float8_e5m2, .float8_e8m0fnu, .float8_e4m3fnuz, .float8_e5m2fnuz:
      table.withUnsafeBufferPointer { table in
        convert(UInt8.self, start, count, values) { table[Int($0)] }
      }
    case .float6_e2m3fn, .float6_e3m2fn, .float4_e2m1fn:
      readPacked(bytes, firstBit: firstBit, count: count, into: values)
    case .complex64: break
    }
  }

  /// Returns the value of the low bits of a number, for a dtype of at most 8 bits.
  func value(ofBits bits: Int) -> Double { table[bits] }

  @inline(__always)
  private func convert<Bits: FixedWidthInteger>(
    _ type: Bits.Type, _ bytes: UnsafeRawBufferPointer, _ count: Int, _ values: UnsafeMutablePointer<Double>,
    _ value: (Bits) -> Double
  ) {
    precondition(bytes.count / MemoryLayout<Bits>.size >= count, "the bytes must hold the elements")
    guard let start = bytes.baseAddress else { return }
    for i in 0..<count {
      let bits = start.loadUnaligned(fromByteOffset: i * MemoryLayout<Bits>.size, as: Bits.self)
      values[i] = value(Bits(littleEndian: bits))
    }
  }

  private func readPacked(
    _ bytes: UnsafeRawBufferPointer, firstBit: Int, count: Int, into values: UnsafeMutablePointer<Double>
  ) {
    let size = dtype.bitCount
    let mask = (1 << size) - 1
    table.withUnsafeBufferPointer { table in
      for i in 0..<count {
        let bit = firstBit + i * size
        var word = Int(bytes[bit / 8])
        // Only elements of 6 bits lie in two bytes.
        if bit % 8 + size > 8 { word |= Int(bytes[bit / 8 + 1]) << 8 }
        values[i] = table[word >> (bit % 8) & mask]
      }
    }
  }
}
