import CWinitKernels
import Foundation
import Testing
import WinitCore
import WinitJSON
import WinitTestSupport

/// A tensor of a vector file: a JSON object on one line.
private struct Vector {
  let json: JSONValue

  static func all(_ file: String) throws -> [Vector] {
    let lines = try VectorFile.text(file).split(separator: "\n").filter { !$0.hasPrefix("#") }
    try #require(!lines.isEmpty)
    return try lines.map { Vector(json: try JSONValue(parsing: String($0))) }
  }

  var name: String { json["name"]?.stringValue ?? "" }

  var literals: [[UInt8]] {
    let texts = json["literals"]?.arrayValue?.compactMap(\.stringValue) ?? []
    return texts.map { text in
      stride(from: 0, to: text.utf8.count, by: 2).map {
        UInt8(text.dropFirst($0).prefix(2), radix: 16) ?? 0
      }
    }
  }

  /// The recipe of the tensor, or of the tensor that it names.
  func recipe(_ json: JSONValue? = nil) throws -> Recipe {
    let json = json ?? self.json
    if json["law"]?["law"]?.stringValue == "same_as", let target = json["source"] { return try recipe(target) }
    let dims = (json["shape"]?.arrayValue ?? []).compactMap(\.integerValue)
    let seed = json["tensor_seed"]?.stringValue ?? self.json["seed"]?.stringValue
    let stream = json["stream"]?.stringValue.flatMap { UInt64($0) }
    let law = try #require(json["law"].flatMap(Law.init(json:)), "\(json.compact)")
    var source: Recipe?
    if case .normOf = law, let named = json["source"] {
      let recipe = try recipe(named)
      source = recipe.law == .literal ? nil : recipe
    }
    let dtype = try #require(DType(rawValue: json["dtype"]?.stringValue ?? ""))
    return try Recipe(
      seed: #require(seed.flatMap { UInt64($0) }), stream: stream ?? TensorName(json["name"]?.stringValue ?? "").stream,
      dtype: dtype, shape: Shape(dims), law: law, source: source)
  }

  /// The digest of the bytes that a fill gives.
  func digest(_ recipe: Recipe, _ kernel: SIMDKernel) throws -> String {
    if recipe.law == .literal {
      let chunks = (0..<recipe.chunkCount).map { SHA256Digest(of: literals[0][recipe.chunk($0).byteRange]) }
      return SHA256Digest(ofChunks: DigestList(chunks)).description
    }
    let bytes = try (0..<recipe.chunkCount).map { index -> [UInt8] in
      let chunk = recipe.chunk(index)
      let elements = chunk.elements(recipe.dtype)
      // Two pieces, so that a fill also starts in the middle of a chunk.
      let middle = elements.lowerBound + elements.count / 3
      return try fill(recipe, elements.lowerBound..<middle, kernel) + fill(recipe, middle..<elements.upperBound, kernel)
    }
    return SHA256Digest(ofChunks: DigestList(bytes.map { SHA256Digest(of: $0) })).description
  }

  private func fill(_ recipe: Recipe, _ elements: Range<Int>, _ kernel: SIMDKernel) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0xAA, count: elements.count * recipe.dtype.byteCount)
    let size = recipe.dtype.byteCount
    var literalParts: [Int] = []
    if case .parts(let parts) = recipe.law { literalParts = parts.indices.filter { parts[$0].law == .literal } }
    try bytes.withUnsafeMutableBytes { buffer in
      try recipe.fill(elements, into: buffer, kernel: kernel) { part, indices, memory in
        let given = literals[literalParts.firstIndex(of: part) ?? 0]
        memory.copyBytes(from: given[indices.lowerBound * size..<indices.upperBound * size])
      }
    }
    return bytes
  }
}

@Suite struct LawVectorTests {
  @Test(arguments: SIMDKernel.allCases.filter(\.isAvailable))
  func `expressions have the digests that NumPy computes, with every kernel`(kernel: SIMDKernel) throws {
    var refused = 0
    for vector in try Vector.all("expressions.txt") {
      if let written = vector.json["written"].flatMap(ExpressionTree.init(json:)) {
        let recipe = try vector.recipe()
        var draw: Law?
        if case .expression(let inner, _) = recipe.law { draw = inner }
        if recipe.law.isElementwise, recipe.law.isRandom { draw = recipe.law }
        #expect(try Law.expression(written, draw: draw, dtype: recipe.dtype) == recipe.law, "\(vector.name)")
      }
      let recipe = try vector.recipe()
      if let element = vector.json["refused"] {
        refused += 1
        let bytes = try recipe.bytes(0..<recipe.shape.elementCount)
        let failure = bytes.withUnsafeBytes { recipe.failure(0..<recipe.shape.elementCount, $0) }
        let expected = recipe.shape.coordinates(of: element.integerValue ?? 0)
        #expect(failure?.coordinates == expected, "\(vector.json.compact)")
      } else {
        #expect(try vector.digest(recipe, kernel) == vector.json["digest"]?.stringValue, "\(vector.json.compact)")
      }
    }
    #expect(refused > 0)
  }

  @Test(arguments: SIMDKernel.allCases.filter(\.isAvailable))
  func `norms, batches, and any law in a box have the digests that NumPy computes, with every kernel`(
    kernel: SIMDKernel
  ) throws {
    for vector in try Vector.all("structures.txt") {
      guard vector.json["law"]?["law"]?.stringValue != "same_as" else { continue }
      let recipe = try vector.recipe()
      guard recipe.isRegenerable || recipe.law.hasLiteral else { continue }
      #expect(try vector.digest(recipe, kernel) == vector.json["digest"]?.stringValue, "\(vector.json.compact)")
    }
  }

  @Test(arguments: SIMDKernel.allCases.filter(\.isAvailable))
  func `a thread that flushes subnormal numbers to zero and rounds up gets the same bits, and keeps its mode`(
    kernel: SIMDKernel
  ) throws {
    #if arch(x86_64)
      // With this scale, every element is subnormal in binary32.
      let tiny = Float(1e-39 as Double)
      for law in [
        Law.normal(mean: 0, std: tiny), .uniform(half: tiny, mid: 0, low: -tiny, high: tiny),
        .normal(mean: 0, std: 0.02), .orthogonal(gain: 1, rows: 8), .sparse(std: tiny, zeros: 2),
        .expression(draw: .normal(mean: 0, std: 1), tree: .binary(.multiply, .draw, .number(1e-40 as Double))),
      ] {
        let recipe = try Recipe(seed: 1, stream: 2, dtype: .float32, shape: Shape([8, 40]), law: law)
        func bytes() throws -> [UInt8] {
          try [UInt8](unsafeUninitializedCapacity: 1280) { buffer, count in
            try recipe.fill(0..<320, into: UnsafeMutableRawBufferPointer(buffer), kernel: kernel)
            count = 1280
          }
        }
        let expected = try Recipe(seed: 1, stream: 2, dtype: .float32, shape: Shape([320]), law: .constant(value: 0))
          .bytes(0..<320)
        // Flush to zero, denormals are zero, round up, all exceptions masked.
        let mode: UInt64 = 0x1F80 | 0x8000 | 0x0040 | 0x4000
        winit_arithmetic_leave(mode)
        let flushed = try bytes()
        #expect(winit_arithmetic_enter() & ~0x3F == mode)
        #expect(try flushed == bytes(), "\(law)")
        #expect(flushed != expected)
      }
    #endif
  }
}
