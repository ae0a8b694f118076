// The cast of floating-point elements to another floating-point dtype.

extension DType {
  /// Returns the elements of this dtype in another floating-point dtype, each rounded once to the nearest value, ties
  /// to even. A NaN stays a NaN.
  ///
  /// - Parameters:
  ///   - bytes: whole elements of this floating-point dtype, little-endian.
  ///   - target: a floating-point dtype.
  /// - Returns: the bytes, and the index of the first finite element that the other dtype cannot hold, because it
  ///   rounds to infinity.
  package func cast(_ bytes: UnsafeRawBufferPointer, to target: DType) -> (bytes: [UInt8], overflow: Int?) {
    precondition(isFloatingPoint && target.isFloatingPoint, "only floating-point dtypes are cast")
    let count = bytes.count / byteCount
    var overflow: Int?
    let cast = [UInt8](unsafeUninitializedCapacity: count * target.byteCount) { buffer, written in
      let out = UnsafeMutableRawBufferPointer(buffer)
      for i in 0..<count {
        let value = element(of: bytes, at: i)
        let isFinite = target.store(value, into: out, at: i)
        if !isFinite, value.isFinite, overflow == nil { overflow = i }
      }
      written = count * target.byteCount
    }
    return (cast, overflow)
  }

  /// Returns an element, widened exactly.
  private func element(of bytes: UnsafeRawBufferPointer, at index: Int) -> Double {
    func load<Value: FixedWidthInteger>(_ type: Value.Type) -> Value {
      Value(littleEndian: bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Value>.size, as: type))
    }
    return switch self {
    case .float64: Double(bitPattern: load(UInt64.self))
    case .float32: Double(Float(bitPattern: load(UInt32.self)))
    case .bfloat16: Double(Float(bitPattern: UInt32(load(UInt16.self)) << 16))
    default: Double(float16Bits: load(UInt16.self))
    }
  }

  /// Stores a value, and returns whether the stored element is finite.
  private func store(_ value: Double, into bytes: UnsafeMutableRawBufferPointer, at index: Int) -> Bool {
    func put<Value: FixedWidthInteger>(_ pattern: Value) {
      bytes.storeBytes(of: pattern.littleEndian, toByteOffset: index * MemoryLayout<Value>.size, as: Value.self)
    }
    switch self {
    case .float64:
      put(value.bitPattern)
      return value.isFinite
    case .float32:
      put(Float(value).bitPattern)
      return Float(value).isFinite
    case .bfloat16:
      let bits: UInt16 = value.isNaN ? 0x7FC0 : Float(roundingToOdd: value).bfloat16Bits
      put(bits)
      return bits & 0x7F80 != 0x7F80
    default:
      let bits: UInt16 = value.isNaN ? 0x7E00 : Float(roundingToOdd: value).float16Bits
      put(bits)
      return bits & 0x7C00 != 0x7C00
    }
  }
}

extension Float {
  /// Rounds a value to odd: if no binary32 number is equal, the neighbor whose last bit is 1. A second rounding to a
  /// format with at least two bits less gives what one rounding of the value gives (Boldo and Melquiond, "When double
  /// rounding is odd", 2005).
  fileprivate init(roundingToOdd value: Double) {
    let nearest = Float(value)
    guard Double(nearest) != value, value.isFinite else {
      self = nearest
      return
    }
    let isAbove = Double(nearest).magnitude > value.magnitude
    self.init(bitPattern: (isAbove ? nearest.bitPattern - 1 : nearest.bitPattern) | 1)
  }
}
