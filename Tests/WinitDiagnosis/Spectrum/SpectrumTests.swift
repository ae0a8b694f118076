// Singular values against LAPACK's.

import Testing
import WinitCore
import WinitDiagnosis
import WinitInitializers
import WinitJSON

@Suite struct SpectrumTests {
  @Test func `the largest and the smallest singular value are LAPACK's`() throws {
    for vector in try StatisticsVector.all("spectrum.txt") where try vector.shape().elementCount > 9 {
      let spectrum = try #require(try spectrum(vector))
      let (largest, smallest) = (vector.number("largest") ?? .nan, vector.number("smallest") ?? .nan)
      #expect(abs(spectrum.largest / largest - 1) < 1e-9, vector.comment)
      #expect(abs((spectrum.smallest ?? .nan) - smallest) < 1e-6 * smallest, vector.comment)
    }
  }

  @Test func `32 Lanczos steps give the largest singular value to 6 millionths`() throws {
    for vector in try StatisticsVector.all("spectrum.txt") where try vector.shape().elementCount > 9 {
      let spectrum = try #require(try spectrum(vector, exactLimit: 0))
      let largest = vector.number("largest") ?? .nan
      #expect(spectrum.largest <= largest * (1 + 1e-9) && spectrum.largest >= largest * (1 - 6e-6), vector.comment)
      #expect(spectrum.smallest == nil)
    }
  }

  @Test func `both methods give the same bits with any number of threads`() throws {
    let vector = try #require(try StatisticsVector.all("spectrum.txt").first { try $0.shape().dims == [300, 300] })
    let (one, three) = (try spectrum(vector, exactLimit: 0), try spectrum(vector, exactLimit: 0, threads: 3))
    #expect(one == three)
    #expect(try spectrum(vector) == spectrum(vector, threads: 3))
  }

  @Test func `every layout and batch has the singular values of its matrices`() throws {
    // Two matrices [6, 8]; the second is 3 times the first.
    let first = (0..<48).map { (i: Int) -> Float in Float((i * 29 + 7) % 31 - 15) + Float(i % 7) / 8 }
    let expected = try #require(try spectrum(first, [6, 8], .layout(.torch)))
    let transposed = (0..<48).map { (i: Int) -> Float in first[i % 6 * 8 + i / 6] }
    #expect(agree(try spectrum(transposed, [8, 6], .layout(.keras)), expected))
    #expect(agree(try spectrum(transposed, [8, 6], .layout(.torch)), expected))
    #expect(agree(try spectrum(first, [6, 4, 2, 1], .layout(.torch)), expected))
    #expect(agree(try spectrum(first, [2, 3, 8], .axes(FanAxes(input: [2], output: [0, 1]))), expected))
    // Outputs on both sides of the inputs: element [a, i, b] is row 2a + b, column i.
    let split = (0..<48).map { (i: Int) -> Float in first[(i / 16 * 2 + i % 2) * 8 + i / 2 % 8] }
    #expect(agree(try spectrum(split, [3, 8, 2], .axes(FanAxes(input: [1], output: [0, 2]))), expected))
    let both = first + first.map { 3 * $0 }
    let batch = try #require(try spectrum(both, [2, 6, 8], .batch([0], .torch)))
    #expect(abs(batch.largest / (3 * expected.largest) - 1) < 1e-13)
    #expect(abs((batch.smallest ?? .nan) / (expected.smallest ?? .nan) - 1) < 1e-12)
    // The batch as the last axis.
    let last = (0..<96).map { (i: Int) -> Float in both[i % 2 * 48 + i / 2] }
    #expect(agree(try spectrum(last, [6, 8, 2], .batch([-1], .torch)), batch))
  }

  @Test func `the smallest singular value keeps its digits next to a large one`() throws {
    // diag(1, 2⁻⁴⁰) times a rotation by 45°, to which binary32 adds nothing.
    let small = Float(0x1p-40)
    let turned: [Float] = [1, 1, -small, small]
    let spectrum = try #require(try spectrum(turned, [2, 2], .layout(.torch)))
    #expect(abs(spectrum.largest - 2.0.squareRoot()) < 1e-15)
    #expect(abs((spectrum.smallest ?? .nan) / (2.0.squareRoot() * 0x1p-40) - 1) < 1e-10)
  }

  @Test func `equal rows give the smallest singular value 0`() throws {
    let row = (0..<40).map { (i: Int) -> Float in Float((i * 37 + 11) % 41 - 20) }
    let other = (0..<40).map { (i: Int) -> Float in Float((i * 23 + 5) % 43 - 21) }
    let spectrum = try #require(try spectrum(row + other + row, [3, 40], .layout(.torch)))
    #expect((spectrum.smallest ?? .nan) < 1e-13 * spectrum.largest)
  }

  @Test func `zeros, huge and tiny numbers have singular values, and NaN has none`() throws {
    #expect(try spectrum([0, 0, 0, 0], [2, 2], .layout(.torch)) == Spectrum(largest: 0, edge: 0, smallest: 0))
    #expect(try spectrum([1, .nan, 0, 0], [2, 2], .layout(.torch)) == nil)
    for scale in [1e-300, 1e300] {
      let values = [3, 0, 0, 4].map { $0 * scale }
      let bytes = values.withUnsafeBytes(Array.init)
      let spectrum = try #require(try spectrum(bytes, [2, 2], .float64, .layout(.torch), std: 0))
      #expect(abs(spectrum.largest / (4 * scale) - 1) < 1e-14)
      #expect(abs((spectrum.smallest ?? .nan) / (3 * scale) - 1) < 1e-14)
    }
  }

  @Test func `vectors and integers have no spectrum`() throws {
    #expect(try SpectrumMatrix(shape: Shape([9]), dtype: .float32, fanSource: .layout(.torch)) == nil)
    #expect(try SpectrumMatrix(shape: Shape([9, 1]), dtype: .float32, fanSource: .layout(.torch)) == nil)
    #expect(try SpectrumMatrix(shape: Shape([0, 4]), dtype: .float32, fanSource: .layout(.torch)) == nil)
    #expect(try SpectrumMatrix(shape: Shape([4, 4]), dtype: .int32, fanSource: .layout(.torch)) == nil)
  }

  @Test func `the edge is that of Marchenko and Pastur`() throws {
    let spectrum = try #require(try spectrum([1, 2, 3, 4, 5, 6, 7, 9], [2, 4], .layout(.torch), std: 0.5))
    #expect(abs(spectrum.edge - 0.5 * (2.0.squareRoot() + 2)) < 1e-15)
  }

  private func agree(_ found: Spectrum?, _ expected: Spectrum) -> Bool {
    guard let found, let smallest = found.smallest, let expectedSmallest = expected.smallest else { return false }
    return abs(found.largest / expected.largest - 1) < 1e-13 && abs(smallest / expectedSmallest - 1) < 1e-12
  }

  private func spectrum(
    _ vector: StatisticsVector, exactLimit: Int = SpectrumMatrix.exactLimit, threads: Int = 1
  ) throws -> Spectrum? {
    let bytes = try vector.bytes(.float32)
    let dims = try vector.shape().dims
    return try spectrum(bytes, dims, .float32, .layout(.torch), std: 0.02, exactLimit: exactLimit, threads: threads)
  }

  private func spectrum(_ values: [Float], _ dims: [Int], _ source: FanSource, std: Double = 0) throws -> Spectrum? {
    try spectrum(values.withUnsafeBytes(Array.init), dims, .float32, source, std: std)
  }

  private func spectrum(
    _ bytes: [UInt8], _ dims: [Int], _ dtype: DType, _ source: FanSource, std: Double,
    exactLimit: Int = SpectrumMatrix.exactLimit, threads: Int = 1
  ) throws -> Spectrum? {
    let matrix = try #require(try SpectrumMatrix(shape: Shape(dims), dtype: dtype, fanSource: source))
    for index in 0..<Chunk.count(ofBytes: bytes.count) {
      let chunk = Chunk(index, ofBytes: bytes.count)
      bytes.withUnsafeBytes { matrix.store(UnsafeRawBufferPointer(rebasing: $0[chunk.byteRange]), chunk: chunk) }
    }
    return try matrix.spectrum(std: std, name: "w", threads: threads, exactLimit: exactLimit)
  }
}
