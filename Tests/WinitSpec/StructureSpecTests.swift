// Matrices in boxes and batches, parts that repeat, norms, literals in boxes and seeds.

import Testing
import WinitCore
import WinitInitializers
import WinitJSON
import WinitSpec

private func tensor(_ text: String, _ name: String = "w", like: [LikeTensor]? = nil) throws -> PlannedTensor {
  try #require(plan(text, like: like).tensors.first { $0.name == TensorName(name) })
}

/// The law of the tensor `w`, with the shape, the other members of its entry, and its init.
private func law(_ entry: String) throws -> Law { try tensor("tensors:\n  w: {\(entry)}").law }

private func parts(_ law: Law) throws -> [LawPart] {
  guard case .parts(let parts) = law else {
    Issue.record("the law is \(law.name)")
    return []
  }
  return parts
}

/// The elements of the tensor `w` as binary32, with seed 7.
private func values(_ text: String, _ name: String = "w") throws -> [Float] {
  let plan = try plan(text)
  let index = try #require(plan.tensors.firstIndex { $0.name == TensorName(name) })
  let recipe = try plan.recipes(seed: 7)[index]
  let count = recipe.shape.elementCount
  return try recipe.bytes(0..<count).withUnsafeBytes { bytes in
    (0..<count).map { bytes.load(fromByteOffset: 4 * $0, as: Float.self) }
  }
}

/// The largest distance of the products of the rows of a matrix from the identity.
private func distanceFromOrthonormal(_ rows: [ArraySlice<Float>]) -> Float {
  var largest: Float = 0
  for (i, a) in rows.enumerated() {
    for (j, b) in rows.enumerated() {
      let product = zip(a, b).reduce(Float(0)) { $0 + $1.0 * $1.1 }
      largest = max(largest, abs(product - (i == j ? 1 : 0)))
    }
  }
  return largest
}

@Suite struct StructureSpecTests {
  @Test(
    arguments: [
      ("[4, 48, 64]", "orthogonal", "fans: {out: [1], in: [2], batch: [0]}", .orthogonal(gain: 1, rows: 48), [0]),
      ("[4, 48, 64]", "orthogonal", "fans: {in: [1], out: [-1], batch: [0]}", .orthogonal(gain: 1, rows: 48), [0]),
      ("[4, 48, 64]", "orthogonal", "fans: {batch: [0]}", .orthogonal(gain: 1, rows: 48), [0]),
      ("[6, 5, 4, 3]", "orthogonal", "layout: keras, fans: {batch: [0]}", .orthogonal(gain: 1, rows: 20), [0]),
      ("[8, 4, 16]", "orthogonal", "fans: {in: [0], out: [2], batch: [1]}", .orthogonal(gain: 1, rows: 8), [1]),
      ("[8, 4, 16]", "orthogonal", "fans: {in: [0], out: [1, 2]}", .orthogonal(gain: 1, rows: 8), []),
      ("[4, 16]", "orthogonal", "fans: {batch: [0]}", .orthogonal(gain: 1, rows: 1), [0]),
      ("[2, 3, 5, 5]", "eye", "fans: {batch: [0, 1]}", .eye(value: 1), [0, 1]),
      ("[2, 4, 3, 3]", "dirac", "fans: {batch: [0]}", .dirac(groups: 1, layout: .torch), [0]),
      ("[3, 2, 4]", "dirac", "layout: keras", .dirac(groups: 1, layout: .keras), []),
      ("[3, 2, 4]", "delta_orthogonal", "layout: keras", .deltaOrthogonal(gain: 1, layout: .keras), []),
      ("[4, 2, 3]", "delta_orthogonal", "layout: torch", .deltaOrthogonal(gain: 1, layout: .torch), []),
      ("[4, 2, 3]", "delta_orthogonal", "fans: {out: [0], in: [1]}", .deltaOrthogonal(gain: 1, layout: .torch), []),
      ("[2, 10, 3]", "{scheme: sparse, sparsity: 0.25, std: 1}", "fans: {batch: [0]}", .sparse(std: 1, zeros: 3), [0]),
      ("[16]", "orthogonal", "layout: keras", .orthogonal(gain: 1, rows: 1), []),
    ] as [(String, String, String, Law, [Int])])
  func `fans name the batch and the orientation of a matrix`(
    shape: String, scheme: String, fans: String, expected: Law, batch: [Int]
  ) throws {
    let found = try law("shape: \(shape), init: \(scheme), \(fans)")
    #expect(found == (batch.isEmpty ? expected : .batched(expected, axes: batch)))
  }

  @Test func `an orthogonal matrix for each expert, and for each gate of a box`() throws {
    let experts = try values("tensors: {w: {shape: [4, 6, 8], init: orthogonal, fans: {batch: [0]}}}")
    for expert in 0..<4 {
      let rows = (0..<6).map { experts[(expert * 48 + $0 * 8)..<(expert * 48 + $0 * 8 + 8)] }
      #expect(distanceFromOrthonormal(rows) < 1e-5)
    }
    let gates = try values(
      "tensors: {w: {shape: [32, 8], init: {scheme: parts, base: zeros, parts: [{box: [[0, 8]], init: orthogonal, repeat: {axis: 0, stream: \"gate.{n}\"}}]}}}"
    )
    for gate in 0..<4 {
      let rows = (0..<8).map { gates[(gate * 64 + $0 * 8)..<(gate * 64 + $0 * 8 + 8)] }
      #expect(distanceFromOrthonormal(rows) < 1e-5)
    }
    #expect(gates[..<64] != gates[64..<128])
    let vector = try values("tensors: {w: {shape: [257], init: orthogonal}}")
    #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
  }

  @Test func `a batch of the fans is that of the tensor, also in a box`() throws {
    let boxes = try law(
      "shape: [4, 6, 8], init: {scheme: parts, base: zeros, parts: [{box: [[0, 2]], init: orthogonal}, {box: [[2, 3]], init: orthogonal}]}, fans: {batch: [0]}"
    )
    #expect(
      try parts(boxes).map(\.law) == [
        .constant(value: 0), .batched(.orthogonal(gain: 1, rows: 6), axes: [0]), .orthogonal(gain: 1, rows: 6),
      ])
    // The first matrix of each group of experts: fans and matrix without the axis of length 1.
    let groups = try law(
      "shape: [2, 4, 6, 8], init: {scheme: parts, base: zeros, parts: [{box: [[0, 2], [0, 1]], init: orthogonal}, {box: [[0, 2], [1, 2]], init: xavier_normal}, {box: [[0, 1], [2, 4]], init: orthogonal}]}, fans: {batch: [0]}"
    )
    #expect(
      try parts(groups).map(\.law).dropFirst() == [
        .batched(.orthogonal(gain: 1, rows: 6), axes: [0, 1]),
        .normal(mean: 0, std: Float((2.0 / 14).squareRoot())), .orthogonal(gain: 1, rows: 2),
      ])
    // Xavier of a batch has the fans of one matrix.
    let xavier = try law("shape: [4, 6, 8], init: xavier_normal, fans: {batch: [0]}")
    #expect(xavier == .normal(mean: 0, std: Float((2.0 / 14).squareRoot())))
  }

  @Test func `an identity in a box, also of one expert`() throws {
    let irnn = try values(
      "tensors: {w: {shape: [8, 4], init: {scheme: parts, base: zeros, parts: [{box: [[0, 4]], init: eye}]}}}")
    #expect(irnn == (0..<32).map { $0 < 16 && $0 % 5 == 0 ? 1 : 0 })
    let expert = try values(
      "tensors: {w: {shape: [2, 3, 2], init: {scheme: parts, base: zeros, parts: [{box: [[1, 2]], init: eye}]}}}")
    #expect(expert == [0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0])
  }

  @Test func `a part repeats along its axis, each box with the stream of its number`() throws {
    let text = """
      tensors: {l.0.w: [6, 4], l.0.1.w1: [2, 4]}
      rules:
        - match: "{p}.w"
          init: {scheme: parts, base: zeros, parts: [{box: [[0, 2]], init: xavier_uniform, repeat: {axis: 0, stream: "{p}.{n}.w1"}}]}
        - {match: "*", init: xavier_uniform}
      """
    let law = try tensor(text, "l.0.w").law
    #expect(try parts(law).map(\.box) == [[], [0..<2], [2..<4], [4..<6]])
    #expect(
      try parts(law).map(\.stream) == [nil] + (0..<3).map { TensorName("l.0.\($0).w1").stream })
    #expect(try Array(values(text, "l.0.w")[8..<16]) == values(text, "l.0.1.w1"))
    #expect(
      try tensor(text, "l.0.w").record["parts"]?.arrayValue?.last?.compact
        == #"{"box":[[0,2]],"init":{"scheme":"xavier_uniform","layout":"torch"},"fans_from":"box","repeat":{"axis":0,"step":2,"count":3},"stream_of":"l.0.{n}.w1"}"#
    )
  }

  @Test func `ICNR repeats the kernel of a channel for each pixel of its block`() throws {
    let pixels = (0..<4).map {
      "{box: [[\($0), \($0 + 1)]], init: {scheme: normal, std: 1}, repeat: {axis: 0, step: 4, stream: \"sub.{n}\"}}"
    }
    let kernel = try values(
      "tensors: {w: {shape: [12, 2], init: {scheme: parts, base: zeros, parts: [\(pixels.joined(separator: ", "))]}}}")
    for channel in 0..<3 {
      for pixel in 1..<4 {
        #expect(kernel[(8 * channel + 2 * pixel)...].prefix(2) == kernel[(8 * channel)...].prefix(2))
      }
    }
    #expect(kernel[0..<2] != kernel[8..<10])
  }

  @Test(arguments: [
    "{box: [[0, 2]], init: ones, repeat: {axis: 0, count: 4}}", "{box: [[0, 4]], init: ones, repeat: {axis: 0}}",
    "{box: [[0, 2]], init: ones, repeat: {axis: 1}}", "{box: [[0, 2]], init: ones, repeat: {axis: 0, step: 1}}",
    "{box: [[0, 2]], init: ones, repeat: {axis: 0, count: 0}}", "{box: [[0, 0]], init: ones, repeat: {axis: 0}}",
  ])
  func `a repetition that does not fit is an error`(part: String) throws {
    let text = "tensors:\n  w: {shape: [6, 4], init: {scheme: parts, base: zeros, parts: [\(part)]}}"
    #expect(try problems(text) == ["2 w invalidBox"])
  }

  @Test func `a capture with the name of the counter is an error`() throws {
    #expect(
      try problems(
        "tensors: {a.0: [6]}\nrules:\n  - {match: \"a.{n}\", init: {scheme: parts, base: zeros, parts: [{box: [[0, 1]], init: ones, repeat: {axis: 0}}]}}"
      ) == ["3 a.0 invalidBox"])
  }

  @Test func `boxes of parts that repeat count towards the limit of all parts`() throws {
    let part = "{scheme: parts, base: zeros, parts: [{box: [[0, 1]], init: ones, repeat: {axis: 0}}]}"
    #expect(try problems("tensors: {w: {shape: [100001], init: \(part)}}") == ["1 w limitExceeded"])
    #expect(
      try problems("tensors: {a: [60000], b: [60000]}\nrules: [{match: \"*\", init: \(part)}]") == ["limitExceeded"])
    #expect(try problems("tensors: {a: [50000], b: [50000]}\nrules: [{match: \"*\", init: \(part)}]") == [])
  }

  @Test func `a kernel as the base of a shape that begins with 1 is refused, and not silently another kernel`() throws {
    #expect(
      try problems(
        "tensors:\n  w: {shape: [1, 3, 3], init: {scheme: parts, base: dirac, parts: []}}") == ["2 w invalidBox"])
  }

  // MARK: - Norms

  private static let norms = """
    tensors: {a.v: [6, 3, 5], a.g: [6, 1, 1], b.v: [6, 3, 5], b.g: [6]}
    rules:
      - {match: "{p}.v", init: {scheme: normal, std: 0.5}}
      - {match: "{p}.g", init: {scheme: norm_of, of: "{p}.v", axes: [2, -2]}}
    """

  @Test func `a norm has the norms of its tensor over the axes, kept as 1 or left out`() throws {
    for name in ["a", "b"] {
      #expect(try tensor(Self.norms, "\(name).g").law == .normOf(TensorName("\(name).v"), axes: [1, 2]))
      let (v, g) = (try values(Self.norms, "\(name).v"), try values(Self.norms, "\(name).g"))
      for row in 0..<6 {
        let sum = v[(15 * row)..<(15 * row + 15)].reduce(0.0) { $0 + Double($1) * Double($1) }
        #expect(abs(Double(g[row]) - sum.squareRoot()) < 1e-6)
      }
    }
    #expect(
      try tensor(Self.norms, "a.g").record.compact == #"{"scheme":"norm_of","of":"a.v","axes":[1,2]}"#)
  }

  @Test(arguments: [
    ("{scheme: norm_of, of: w, axes: [1]}", "invalidTie"), ("{scheme: norm_of, of: x, axes: [1]}", "unknownTensor"),
    ("{scheme: norm_of, of: v, axes: [3]}", "invalidTie"), ("{scheme: norm_of, of: v, axes: [0, -3]}", "invalidTie"),
    ("{scheme: norm_of, of: v, axes: [0]}", "shapeMismatch"), ("{scheme: norm_of, of: n, axes: [0]}", "invalidTie"),
    ("{scheme: norm_of, of: v}", "missingParameter"), ("{scheme: norm_of, of: v, axes: []}", "missingParameter"),
    ("{scheme: norm_of, of: loop, axes: [0]}", "invalidTie"), ("{scheme: norm_of, of: v, axis: 1}", "unknownParameter"),
  ])
  func `a norm of what does not fit is an error`(initialization: String, expected: String) throws {
    let found = try problems(
      """
      tensors:
        v: {shape: [6, 3, 5], init: normal}
        n: {shape: [6, 3], dtype: int64, init: zeros}
        loop: {shape: \(initialization.contains("loop") ? "[1]" : "[6]"), init: {scheme: norm_of, of: \(initialization.contains("loop") ? "w, axes: [0]" : "v, axes: [1, 2]")}}
        w: {shape: [6], init: \(initialization)}
      """)
    #expect(found.contains("5 w \(expected)"), "\(found)")
  }

  /// A chain of norms, each of the next, that ends with a tensor of its own. Ascending names end it with the last.
  private static func chain(_ norms: Int, isAscending: Bool) -> String {
    let lines = (0...norms).map { index in
      let name = isAscending ? index : norms - index
      let initialization =
        index == norms ? "normal" : "{scheme: norm_of, of: n\(100 + (isAscending ? name + 1 : name - 1)), axes: [0]}"
      return "  n\(100 + name): {shape: [1], init: \(initialization)}"
    }
    return "tensors:\n" + lines.joined(separator: "\n")
  }

  @Test(arguments: [true, false])
  func `sixteen tensors can each be the norm of the next, and no more, in any order of their names`(
    isAscending: Bool
  ) throws {
    let last = try plan(Self.chain(16, isAscending: isAscending))
    let first = try #require(try last.recipes(seed: 7).first)
    #expect(first.source != nil)
    let found = try problems(Self.chain(17, isAscending: isAscending))
    #expect(found == ["2 n\(isAscending ? 100 : 117) invalidTie"])
    // Neither the time nor the stack depends on the length of the chain.
    #expect(try problems(Self.chain(3000, isAscending: isAscending)).count == 2984)
  }

  // MARK: - Literals

  @Test func `a part takes given values, and the tensor's other elements stay its own`() throws {
    let found = try tensor(
      "tensors: {w: {shape: [3, 2], init: {scheme: parts, base: zeros, parts: [{box: [[1, 2]], init: {scheme: literal, values: [5, 6]}}]}}}"
    )
    #expect(
      try parts(found.law).map(\.law) == [.constant(value: 0), .literal])
    guard case .parts(let literals, _) = found.literal, case .given(let bytes) = literals[1] else {
      Issue.record("no literal")
      return
    }
    // 5 and 6 as binary32.
    #expect(bytes == [0, 0, 0xA0, 0x40, 0, 0, 0xC0, 0x40])
    #expect(
      try problems(
        "tensors: {w: {shape: [3, 2], init: {scheme: parts, base: zeros, parts: [{box: [[1, 2]], init: {scheme: literal, values: [5]}}]}}}"
      ) == ["1 w invalidLiteral"])
  }

  @Test(arguments: [
    ("tensors: {q: [4]}\nrules: [{match: q, init: {scheme: literal, from: like, of: w}}]", "2 q invalidLiteral"),
    ("tensors: {q: [2]}\nrules: [{match: q, init: {scheme: literal, from: like, of: x}}]", "2 q invalidLiteral"),
    ("tensors: {w: [3]}\nrules: [{match: w, init: zeros}]", "1 w shapeMismatch"),
    (
      "tensors: {w: [3]}\nrules: [{match: w, init: {scheme: parts, base: zeros, parts: [{box: [[0, 1]], init: ones}]}}]",
      "1 w shapeMismatch"
    ),
    ("tensors: {q: [2]}\nrules: [{match: q, init: {scheme: literal, values: [1], of: w}}]", "2 missingParameter"),
  ])
  func `a literal of another shape than its tensor in like is an error`(text: String, expected: String) throws {
    let tensors = [try like("w", [2], .float32)]
    #expect(try problems("\(text)\n", like: tensors).contains(expected))
  }

  // MARK: - Seeds

  @Test func `a tensor's seed is its own, that of its rule, or that of its target`() throws {
    let text = """
      tensors:
        a: {shape: [2], seed: 5}
        b: [2]
        c: {shape: [2], init: {scheme: same_as, of: b}}
        d: {shape: [2], init: normal}
        other: {shape: [2], init: normal}
      rules: [{match: "?", init: normal, seed: "18446744073709551615"}]
      """
    #expect(try plan(text).tensors.map(\.seed) == [5, .max, .max, .max, nil])
  }

  @Test(arguments: ["-1", "18446744073709551616", "1.5", "0x1", "[1]", "''", "+1"])
  func `a seed that is not a decimal number of 64 bits is an error`(seed: String) throws {
    #expect(try problems("tensors:\n  w: {shape: [2], seed: \(seed), init: normal}") == ["2 w wrongType"])
    #expect(try problems("tensors: {w: [2]}\nrules:\n  - {match: w, seed: \(seed), init: normal}") == ["3 wrongType"])
  }

  @Test func `a tied tensor with another seed than its target is an error`() throws {
    #expect(
      try problems(
        "tensors:\n  a: {shape: [2], init: normal}\n  b: {shape: [2], seed: 3, init: {scheme: same_as, of: a}}")
        == ["3 b invalidTie"])
  }
}
