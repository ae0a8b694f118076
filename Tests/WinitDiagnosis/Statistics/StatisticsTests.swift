// Statistics of chunks, and of dtypes without a law.

import Testing
import WinitCore
import WinitDiagnosis
import WinitInitializers

@Suite struct StatisticsTests {
  @Test func `the statistics are the same bits whatever thread computes a chunk`() throws {
    let shape = try Shape([900, 1000])
    let recipe = try Recipe(seed: 5, stream: 6, dtype: .float32, shape: shape, law: .normal(mean: 0.1, std: 0.02))
    let accumulator = TensorStatistics.Accumulator(shape: shape, dtype: .float32, fanSource: .layout(.torch))
    func partials(_ order: [Int]) throws -> [Int: ChunkStatistics] {
      var found: [Int: ChunkStatistics] = [:]
      for index in order {
        let bytes = try recipe.bytes(recipe.chunk(index).elements(.float32))
        found[index] = bytes.withUnsafeBytes { accumulator.partial(of: $0, chunk: recipe.chunk(index)) }
      }
      return found
    }
    func statistics(_ partials: [Int: ChunkStatistics]) throws -> TensorStatistics {
      var total = accumulator
      for index in 0..<recipe.chunkCount { total.add(try #require(partials[index])) }
      return total.finish()
    }
    let all = Array(0..<recipe.chunkCount)
    let forward = try statistics(partials(all))
    #expect(try statistics(partials(all.reversed())) == forward)
    let whole = try recipe.bytes(0..<shape.elementCount).withUnsafeBytes {
      TensorStatistics(of: $0, shape: shape, dtype: .float32, fanSource: .layout(.torch))
    }
    #expect(whole == forward && forward.count == 900_000)
  }

  @Test(arguments: [DType.float32, .float64, .float16, .bfloat16, .float8_e4m3fn])
  func `every kernel gives the same bits, for rows of any length and numbers of any kind`(dtype: DType) throws {
    for width in Array(1...18) + [1023, 1025, 3000] {
      let shape = try Shape([5, width, 3])
      // All bit patterns: normal, subnormal, negative zeros, infinities and NaN.
      let words = WordStream(seed: 9, stream: UInt64(width))
      let bytes = (0..<shape.byteCount(dtype)).map { UInt8(truncatingIfNeeded: words.word(UInt64($0))) }
      for source in [FanSource.layout(.torch), .layout(.keras), .batch([0], .torch), .batch([2], .torch)] {
        let found = SIMDKernel.allCases.filter(\.isAvailable).map { kernel in
          bytes.withUnsafeBytes { bytes -> TensorStatistics in
            var accumulator = TensorStatistics.Accumulator(
              shape: shape, dtype: dtype, fanSource: source, kernel: kernel)
            accumulator.add(accumulator.partial(of: bytes, chunk: Chunk(0, ofBytes: bytes.count)))
            return accumulator.finish()
          }
        }
        #expect(found.count > 1 && found.dropFirst().allSatisfy { $0 == found[0] }, "\(dtype), \(width), \(source)")
      }
    }
  }

  /// The values of the bit patterns of FP4 E2M1, and the positive ones of FP6 E2M3, as OCP's microscaling formats list
  /// them.
  static let fp4: [Double] = [0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6]
  static let fp6: [Double] =
    (0..<8).map { Double($0) / 8 } + (0..<8).map { 1 + Double($0) / 8 } + (0..<8).map { 2 + Double($0) / 4 }
    + (0..<8).map { 4 + Double($0) / 2 }

  @Test(arguments: [DType.float4_e2m1fn, .float6_e2m3fn])
  func `packed elements have the statistics of their values, also in two chunks`(dtype: DType) throws {
    let bits = dtype.bitCount
    let values = bits == 4 ? StatisticsTests.fp4 : StatisticsTests.fp6 + StatisticsTests.fp6.map { -$0 }
    // 6 bits: 1,400,000 elements are 1,050,000 bytes; element 1,398,101 lies in both chunks. 4 bits: 2,100,000.
    let dims = bits == 4 ? [2100, 1000] : [1400, 1000]
    let shape = try Shape(dims)
    let codes = (0..<shape.elementCount).map { Int(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 20) % values.count }
    var bytes = [UInt8](repeating: 0, count: shape.byteCount(dtype))
    for (i, code) in codes.enumerated() {
      let word = UInt16(code) << UInt16(i * bits % 8)
      bytes[i * bits / 8] |= UInt8(word & 0xFF)
      if word > 0xFF { bytes[i * bits / 8 + 1] |= UInt8(word >> 8) }
    }
    let found = bytes.withUnsafeBytes {
      TensorStatistics(of: $0, shape: shape, dtype: dtype, fanSource: .layout(.torch))
    }
    let expected = codes.map { Float(values[$0]) }.withUnsafeBytes {
      TensorStatistics(of: $0, shape: shape, dtype: .float32, fanSource: .layout(.torch))
    }
    #expect(bytes.count > chunkSize && found.count == expected.count && found.zeros == expected.zeros)
    #expect(found.units == expected.units && found.histogram == expected.histogram)
    #expect(found.minimum == expected.minimum && found.maximum == expected.maximum)
    #expect(abs((found.mean ?? .nan) - (expected.mean ?? .nan)) < 1e-12)
    #expect(abs(found.std - expected.std) < 1e-12)
  }

  @Test(
    arguments: [
      (DType.float8_e4m3fn, [0x38, 0x40, 0xB8, 0x7F, 0xFF, 0x80], [1, 2, -1, 0], 2, 0),
      (.float8_e5m2, [0x3C, 0x40, 0xBC, 0x7C, 0xFC, 0x7E], [1, 2, -1], 1, 2),
      (.float8_e8m0fnu, [127, 128, 126, 255], [1, 2, 0.5], 1, 0),
      (.float8_e4m3fnuz, [0x40, 0x48, 0xC0, 0x80], [1, 2, -1], 1, 0),
      (.float8_e5m2fnuz, [0x40, 0x44, 0xC0, 0x80], [1, 2, -1], 1, 0),
    ] as [(DType, [UInt8], [Double], Int, Int)])
  func `numbers of 8 bits have their values`(
    dtype: DType, bytes: [UInt8], values: [Double], nan: Int, infinite: Int
  ) throws {
    let shape = try Shape([bytes.count])
    let found = bytes.withUnsafeBytes {
      TensorStatistics(of: $0, shape: shape, dtype: dtype, fanSource: .layout(.torch))
    }
    #expect(found.nan == nan && found.infinite == infinite && found.count == bytes.count)
    #expect(found.zeros == values.count { $0 == 0 })
    #expect(abs((found.mean ?? .nan) - values.reduce(0, +) / Double(values.count)) < 1e-15)
    #expect(found.minimum == values.min() && found.maximum == values.max())
  }

  @Test func `complex numbers are counted, and nothing else`() throws {
    let shape = try Shape([3])
    let found = [Float](repeating: 1, count: 6).withUnsafeBytes {
      TensorStatistics(of: $0, shape: shape, dtype: .complex64, fanSource: .layout(.torch))
    }
    #expect(found.count == 3 && found.mean == nil && found.minimum == nil && found.units == nil)
  }

  @Test func `all binary16 numbers have their values`() throws {
    for high in stride(from: 0, through: 0xFF00, by: 0x100) {
      let bits = (0..<256).map { UInt16(high + $0) }
      let found = try statistics(bits, .float16)
      let values = bits.map { Double(float16Bits: $0) }
      let finite = values.filter(\.isFinite)
      #expect(found.nan == values.count(where: \.isNaN) && found.infinite == values.count(where: \.isInfinite))
      #expect(found.minimum == finite.min() && found.maximum == finite.max())
      guard let largest = finite.map(abs).max() else { continue }
      #expect(abs((found.mean ?? .nan) - finite.reduce(0, +) / 256) <= 1e-15 * largest || finite.count < 256)
    }
  }

  @Test func `equal elements give one interval, and those next to each other two ends`() throws {
    let equal = try #require(try statistics([Float](repeating: 0.1, count: 5000), .float32).histogram)
    #expect(equal == Histogram(low: Double(0.1 as Float), high: Double(0.1 as Float), counts: [5000]))
    let neighbors = try #require(try statistics([1, 1, 1.0.nextUp], .float64).histogram)
    #expect(neighbors.counts.first == 2 && neighbors.counts.last == 1 && neighbors.counts.reduce(0, +) == 3)
    let huge = try #require(try statistics([-1.7e308, 1.7e308, 1.7e308], .float64).histogram)
    #expect(huge.counts.first == 1 && huge.counts.last == 2)
    let least = Double.leastNonzeroMagnitude
    let tiny = try #require(try statistics([0, least, 2 * least, 2 * least], .float64).histogram)
    #expect(tiny.counts.first == 1 && tiny.counts.last == 2 && tiny.counts.reduce(0, +) == 4)
    // An outlier of 10³⁰⁰ after small numbers, in another block.
    let outlier = try #require(try statistics((0..<3000).map { Double($0) } + [1e300], .float64).histogram)
    #expect(outlier.counts.first == 3000 && outlier.counts.last == 1)
  }

  // A discrete uniform distribution on n numbers has the variance (n² − 1)/12 and the kurtosis 3(3n² − 7)/(5(n² − 1)).
  @Test func `elements that grow from chunk to chunk have the moments of a ramp`() throws {
    let n = 300_000.0
    let found = try statistics((0..<300_000).map { Double($0) }, .float64)
    #expect(found.mean == (n - 1) / 2)
    #expect(abs(found.variance / ((n * n - 1) / 12) - 1) < 1e-12)
    #expect(abs(found.skewness ?? .nan) < 1e-9)
    #expect(abs((found.kurtosis ?? .nan) - 3 * (3 * n * n - 7) / (5 * (n * n - 1))) < 1e-9)
    // The mean of squares of the same numbers: 0, 1, 4, …; their skewness tends to 2√5/7, and their kurtosis to 15/7.
    let squares = try statistics((0..<300_000).map { Double($0 * $0) }, .float64)
    #expect(abs((squares.skewness ?? .nan) - 2 * 5.0.squareRoot() / 7) < 1e-4)
    #expect(abs((squares.kurtosis ?? .nan) - 15.0 / 7) < 1e-4)
  }

  @Test func `the mean of many chunks far from 0 is the nearest binary64 number`() throws {
    let found = try statistics((0..<300_000).map { 1e12 + Double($0 % 1000) }, .float64)
    #expect(found.mean == 1e12 + 499.5)
    #expect(abs(found.variance / ((1e6 - 1) / 12) - 1) < 1e-12)
  }

  // Half of the elements are ±1 and half ±4, in units of 10⁻²⁰⁰ or 10²⁰⁰: m₂ = 8.5, m₄ = 128.5.
  @Test(arguments: [1e-200, 1e200])
  func `chunks of different scales add up where powers underflow or overflow`(unit: Double) throws {
    for order in [[1.0, 4], [4, 1]] {
      let values = order.flatMap { size in (0..<4096).map { $0 % 2 == 0 ? size * unit : -size * unit } }
      let found = try statistics(values, .float64)
      #expect(abs(found.std / (8.5.squareRoot() * unit) - 1) < 1e-12)
      #expect(abs((found.kurtosis ?? .nan) - 128.5 / (8.5 * 8.5)) < 1e-12)
      #expect(abs(found.skewness ?? .nan) < 1e-12)
    }
  }

  @Test func `elements of one value and few others keep a std that is not negative or NaN`() throws {
    for value in [0.1, 1000 * Double.leastNonzeroMagnitude, 1e300, -7] {
      let found = try statistics([Double](repeating: value, count: 70_000), .float64)
      #expect(found.std == 0 && found.mean == value && found.skewness == nil && found.isConstant)
      // The std of subnormal numbers is a subnormal number.
      let other = value > 0 && value < 1e-300 ? 10_000 * value : value.nextUp
      let two = try statistics([Double](repeating: value, count: 70_000) + [other], .float64)
      #expect(two.std > 0 && (two.kurtosis ?? .nan) > 1)
    }
  }

  private func statistics<Value>(_ values: [Value], _ dtype: DType) throws -> TensorStatistics {
    let shape = try Shape([values.count])
    return values.withUnsafeBytes {
      TensorStatistics(of: $0, shape: shape, dtype: dtype, fanSource: .layout(.torch))
    }
  }
}
