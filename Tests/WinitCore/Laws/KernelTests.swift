import Foundation
import Testing
import WinitCore
import WinitTestSupport

/// The kernels that this processor can run, except the scalar definition.
private let kernels = SIMDKernel.allCases.filter { $0 != .scalar && $0.isAvailable }

/// Fills a range of elements with a kernel, and expects the bytes before and after the buffer to stay the same.
private func fill(_ recipe: Recipe, _ range: Range<Int>, _ kernel: SIMDKernel) throws -> [UInt8] {
  let size = range.count * recipe.dtype.byteCount
  // The buffer is not aligned, and has a guard byte on either side.
  var memory = [UInt8](repeating: 0xA5, count: size + 2)
  try memory.withUnsafeMutableBytes {
    try recipe.fill(range, into: UnsafeMutableRawBufferPointer(rebasing: $0[1..<size + 1]), kernel: kernel)
  }
  #expect(memory.first == 0xA5 && memory.last == 0xA5)
  return Array(memory[1..<size + 1])
}

@Suite struct KernelTests {
  private static let laws: [Law] = [
    .uniform(half: 0.05, mid: 0, low: -0.05, high: 0.05), .uniform(half: 0.2, mid: 0.1, low: -0.1, high: 0.3),
    .normal(mean: 0, std: 0.02), .normal(mean: -1.25, std: 3e-5),
    .truncatedNormal(
      alpha: 0.02275013194817921, beta: 0.9772498680518208, low: -2, high: 2, mean: 0, std: 0.5),
    .truncatedNormal(
      alpha: 0.15865525393145705, beta: 0.9986501019683699, low: -1, high: 3, mean: -0.7, std: 1e-6),
    .truncatedNormal(alpha: 0.9999995208167234, beta: 1, low: 4.9, high: 30, mean: 0, std: 1),
    .constant(value: 0.1),
  ]

  @Test(arguments: kernels)
  func `every offset and length around the edges of blocks and vectors equals the scalar definition`(kernel: SIMDKernel)
    throws
  {
    let recipe = try Recipe(
      seed: 42, stream: 7, dtype: .float32, shape: Shape([1 << 20]), law: .normal(mean: 0, std: 1))
    let whole = try fill(recipe, 0..<600, .scalar)
    for start in 0...200 {
      for length in 0...200 {
        let bytes = try fill(recipe, start..<start + length, kernel)
        #expect(bytes == Array(whole[4 * start..<4 * (start + length)]), "\(start) + \(length)")
      }
    }
  }

  @Test(arguments: kernels)
  func `every law and dtype equals the scalar definition, at any position in the tensor`(kernel: SIMDKernel) throws {
    var generator = SystemRandomNumberGenerator()
    let dtypes: [DType] = [.float32, .float64, .float16, .bfloat16]
    for law in Self.laws {
      for dtype in dtypes {
        let recipe = try Recipe(
          seed: generator.next(), stream: generator.next(), dtype: dtype, shape: Shape([1 << 30, 1 << 29]),
          law: law)
        // The beginning, around block 2³², far beyond, and a random position.
        for start in [0, (1 << 34) - 301, (1 << 58) + 3, Int(generator.next() >> 8)] {
          let range = start..<start + 1021
          let expected = try fill(recipe, range, .scalar)
          #expect(try fill(recipe, range, kernel) == expected, "\(recipe) from \(start)")
        }
      }
    }
  }

  @Test(arguments: kernels)
  func `small scales, whose 16-bit values are subnormal, equal the scalar definition`(kernel: SIMDKernel) throws {
    for std: Float in [1e-3, 1e-4, 1e-5, 3e-6, 1e-6, 1e-7, 1e-8, 1e-20, 1e-38, 1000 * .leastNonzeroMagnitude] {
      for dtype in [DType.float16, .bfloat16, .float32, .float64] {
        let recipe = try Recipe(
          seed: 1, stream: 2, dtype: dtype, shape: Shape([1 << 16]), law: .normal(mean: 0, std: std))
        #expect(
          try fill(recipe, 0..<1 << 16, kernel) == fill(recipe, 0..<1 << 16, .scalar), "\(dtype) \(std)")
      }
    }
  }

  @Test(arguments: kernels)
  func `tiny scales, whose products are subnormal, equal the scalar definition`(kernel: SIMDKernel) throws {
    for exponent in [-149, -126, -120, -104, -103, -102, -96, -95, -94] {
      let scale = Float(sign: .plus, exponent: exponent, significand: 1) * (exponent > -126 ? 1.3333334 : 1)
      for law in [Law.normal(mean: 0, std: scale), .uniform(half: scale, mid: 0, low: -scale, high: scale)] {
        let recipe = try Recipe(seed: 3, stream: 4, dtype: .float32, shape: Shape([1 << 12]), law: law)
        #expect(try fill(recipe, 0..<1 << 12, kernel) == fill(recipe, 0..<1 << 12, .scalar), "\(law)")
      }
    }
  }

  @Test(arguments: kernels)
  func `the draws of every 64th block of 4096 words equal the scalar definition`(kernel: SIMDKernel) {
    let length = 4096
    var drawn = [Float](repeating: .nan, count: length)
    for first in stride(from: 0, to: 1 << 32, by: 64 * length) {
      for normal in [false, true] {
        drawn.withUnsafeMutableBufferPointer { kernel.draw(normal: normal, from: UInt32(first), into: $0) }
        let same = drawn.indices.allSatisfy { i in
          let word = UInt32(first + i)
          return drawn[i].bitPattern == (normal ? UnitDraw.normal(word) : UnitDraw.uniform(word)).bitPattern
        }
        #expect(same, "\(normal ? "Q" : "U") from word \(first)")
      }
    }
  }

  @Test(
    .enabled(
      if: ProcessInfo.processInfo.environment["WINIT_SWEEP"] != nil, "takes a minute; tools/sweep runs it"),
    arguments: kernels)
  func `U and Q over all 2³² words have the digests of docs/law.md, for every kernel`(kernel: SIMDKernel) {
    let requested = ProcessInfo.processInfo.environment["WINIT_SWEEP"]
    guard requested == "all" || kernel.rawValue == (requested == "best" ? SIMDKernel.best.rawValue : requested) else {
      return
    }
    #expect(
      sweepDigest(normal: false, kernel: kernel).hex
        == "1362af35f4b227d3034a5ba6f1f2752529a285c0aee3bbe59425355b3d59e33c")
    #expect(
      sweepDigest(normal: true, kernel: kernel).hex
        == "ff2d31aa7a9ad698ad0848787f256ef58628c8332eb561b2630adb95fa85612a")
  }
}
