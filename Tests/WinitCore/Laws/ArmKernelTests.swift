import Foundation
import Testing
import WinitCore
import WinitTestSupport

/// The Arm kernel, cross-compiled by tools/arm/build and run in an emulator. On an Arm processor KernelTests covers the
/// kernel.
private enum Arm {
  static let environment = ProcessInfo.processInfo.environment
  static let emulator = environment["WINIT_QEMU_AARCH64"] ?? ""
  static let program = environment["WINIT_ARM_CHECK"] ?? ""
  static let isAvailable = [emulator, program].allSatisfy { FileManager.default.isExecutableFile(atPath: $0) }

  /// Runs the program and returns the bytes that it writes.
  static func run(_ arguments: [String]) throws -> [UInt8] {
    let folder = try TemporaryFolder()
    let outcome = try ChildProcess(emulator, [program, "out"] + arguments, in: folder.url.path).wait()
    #expect(outcome.status == 0, "\(outcome.errors)")
    return try folder.bytes("out")
  }
}

@Suite(.enabled(if: Arm.isAvailable, "needs the cross compiler and qemu-aarch64 of tools/arm/build"))
struct ArmKernelTests {
  @Test func `the Arm kernel equals the scalar definition for every law and format, also beyond 2³² blocks`() throws {
    let formats: [DType] = [.float32, .float64, .float16, .bfloat16]
    let laws: [(index: Int, law: Law)] = [
      (0, .uniform(half: 0.2, mid: 0.1, low: -0.1, high: 0.3)), (1, .normal(mean: -1.25, std: 3e-5)),
      (1, .normal(mean: 0, std: 1e-6)), (1, .normal(mean: 0, std: Float(1e-39 as Double))),
      (
        2,
        .truncatedNormal(
          alpha: 0.15865525393145705, beta: 0.9986501019683699, low: -1, high: 3, mean: -0.7, std: 0.5)
      ),
    ]
    for (index, law) in laws {
      let numbers = Dictionary(uniqueKeysWithValues: law.parameters.map { ($0.name, $0.value) })
      func bits32(_ name: String) -> String { String(Float(numbers[name] ?? 0).bitPattern) }
      func bits64(_ name: String) -> String { String((numbers[name] ?? 0).bitPattern) }
      for (format, dtype) in formats.enumerated() {
        // The second case crosses a multiple of 2³² blocks, where the low half of the counter wraps.
        for (start, count) in [(0, 3900), (4 * (1 << 32) - 77, 301), (4 * (1 << 32) + 21, 3903)] {
          let recipe = try Recipe(
            seed: 18_446_744_073_709_551_557, stream: 1_234_567_891_234, dtype: dtype,
            shape: Shape([1 << 40]), law: law)
          let bytes = try Arm.run(
            ["fill", "\(index)", "\(format)", "\(recipe.seed)", "\(recipe.stream)", "\(start)", "\(count)"]
              + ["half", "mid", "low", "high", "mean", "std"].map(bits32) + ["alpha", "beta"].map(bits64))
          var expected = [UInt8](repeating: 0, count: count * dtype.byteCount)
          try expected.withUnsafeMutableBytes {
            try recipe.fill(start..<start + count, into: $0, kernel: .scalar)
          }
          #expect(bytes == expected, "\(law) \(dtype) from element \(start)")
        }
      }
    }
  }

  @Test func `a box that the Arm kernel writes transposed has the elements of the tensor`() throws {
    let recipe = try Recipe(
      seed: 42, stream: 7, dtype: .float32, shape: Shape([300, 170]), law: .normal(mean: 0, std: 1))
    for (row, column, height, width) in [(3, 5, 200, 3), (17, 1, 4, 168), (0, 0, 300, 1), (299, 169, 1, 1)] {
      let bytes = try Arm.run(["box", "42", "7", "300", "170"] + [row, column, height, width].map(String.init))
      var expected = [UInt8](repeating: 0, count: 4 * height * width)
      for i in 0..<height {
        var elements = [UInt8](repeating: 0, count: 4 * width)
        let start = (row + i) * 170 + column
        try elements.withUnsafeMutableBytes {
          try recipe.fill(start..<start + width, into: $0, kernel: .scalar)
        }
        for j in 0..<width {
          for k in 0..<4 { expected[4 * (j * height + i) + k] = elements[4 * j + k] }
        }
      }
      #expect(bytes == expected, "\(row) \(column) \(height) \(width)")
    }
  }

  @Test func `an orthogonal matrix of the Arm kernel equals the scalar definition`() throws {
    for (height, width) in [(1, 1), (70, 65), (150, 64), (131, 130)] {
      let recipe = try Recipe(
        seed: 42, stream: 7, dtype: .float64, shape: Shape([height, width]),
        law: .orthogonal(gain: 1, rows: height))
      let bytes = try Arm.run(["orthogonal", "42", "7", "\(height)", "\(width)"])
      // The law rounds to binary32, which is then widened.
      let values = bytes.withUnsafeBytes { DType.float64.values($0) }.map { Double(Float($0)) }
      var expected = [UInt8](repeating: 0, count: 8 * height * width)
      try expected.withUnsafeMutableBytes { try recipe.fill(0..<height * width, into: $0, kernel: .scalar) }
      #expect(values == expected.withUnsafeBytes { DType.float64.values($0) }, "\(height) \(width)")
    }
  }

  @Test func `the SHA-256 of several messages on Arm is that of the system's library`() throws {
    let lengths = [0, 1, 3, 55, 56, 63, 64, 65, 119, 120, 128, 1000, 65_537]
    let bytes = try Arm.run(["sha256"] + lengths.map(String.init))
    let expected = lengths.enumerated().map { message, length in
      SHA256Digest(of: (0..<length).map { UInt8(truncatingIfNeeded: 7 * $0 + message) }).description
    }
    let found = stride(from: 0, to: bytes.count, by: 32).map { start in
      "sha256:" + bytes[start..<start + 32].map { String(format: "%02x", $0) }.joined()
    }
    #expect(found == expected)
  }

  @Test(arguments: [0, 1])
  func `the Arm update of the orthogonal law equals one product and one sum at a time`(subtract: Int) throws {
    let (rows, count) = (5, 37)
    var state: UInt64 = 99
    func number() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(Int32(truncatingIfNeeded: state >> 32)) / 7
    }
    var c = (0..<rows * 16).map { _ in number() }
    let a = (0..<rows * count).map { _ in number() }, b = (0..<count * 16).map { _ in number() }
    for i in 0..<rows {
      for j in 0..<16 {
        for k in 0..<count {
          let product = a[i * count + k] * b[k * 16 + j]
          c[i * 16 + j] = subtract == 1 ? c[i * 16 + j] - product : c[i * 16 + j] + product
        }
      }
    }
    let bytes = try Arm.run(["update", "99", "\(rows)", "\(count)", "\(subtract)"])
    #expect(
      bytes
        == c.flatMap { value in (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> UInt64(8 * $0)) }
        })
  }

  @Test func `the Arm draws equal the vector file (made with NumPy)`() throws {
    // Draw ranges of words around the powers of two, whose words the vector file contains.
    let rows = try VectorFile.rows("draws.txt")
    let byWord = Dictionary(try rows.map { (try $0.hex32(0), $0) }, uniquingKeysWith: { first, _ in first })
    var compared = 0
    for first: UInt32 in [0, 0x7FFF_FFF0, 0x8000_0000 - 8, 0xFFFF_FFE0]
      + (4...31).map({ (UInt32(1) << $0) - 8 })
    {
      for (law, column) in [(0, 1), (1, 2)] {
        let bytes = try Arm.run(["draws", "\(law)", "\(first)", "32"])
        for i in 0..<bytes.count / 4 {
          guard let row = byWord[first &+ UInt32(i)] else { continue }
          let bits = (0..<4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32(bytes[4 * i + $1]) }
          #expect(bits == (try row.hex32(column)), "\(row)")
          compared += 1
        }
      }
    }
    #expect(compared > 150)
  }
}
