// The problems of networks and of allowed findings.

import Testing
import WinitCore
import WinitDiagnosis
import WinitSpec

@Suite struct NetworkProblemTests {
  private static let tensors =
    "{a: [8, 4], b: [3, 8], t: [9, 4], u: [9, 5], n: [8], c: [6, 4, 3, 3], d: [4, 4], h.0.w: [4, 4], h.2.w: [4, 4], k: [4, 3], ids: {shape: [4, 4], dtype: int64, init: zeros}, gone: {shape: [4, 4], init: skip}}"

  /// The problems of an entry, which is on line 4, and their messages.
  private func messages(_ entries: String) throws -> [SpecDiagnostic] {
    let text = "tensors: \(Self.tensors)\nrules: [{match: '*', init: {scheme: normal, std: 1}}]\nnetwork:\n\(entries)"
    do {
      _ = try plan(text)
      return []
    } catch let error as SpecError { return error.diagnostics }
  }

  @Test(arguments: [
    ("{weight: aa}", "4 unknownTensor", "did you mean"), ("{weight: gone}", "4 unknownTensor", "`gone`"),
    ("{wieght: a}", "4 missingKey", "did you mean `weight`"), ("a", "4 wrongType", "must be"),
    ("{weight: a, activation: relo}", "4 unknownWord", "did you mean `relu`"),
    ("{weight: a, strides: 2}", "4 unknownKey", "did you mean `stride`"),
    ("{norm: layr, weight: n}", "4 unknownWord", "did you mean `layer`"),
    ("{norm: layer, pool: max}", "4 conflictingKeys", "`norm` and `pool`"),
    ("{weight: n}", "4 n invalidNetwork", "rank 2 to 5"), ("{embedding: c}", "4 c invalidNetwork", "rank 2"),
    ("{weight: ids}", "4 ids invalidNetwork", "floating-point"),
    ("{embedding: [t, u]}", "4 u invalidNetwork", "one length"), ("{embedding: []}", "4 wrongType", "embedding"),
    ("{weight: a, stride: 2}", "4 a invalidNetwork", "linear layer"),
    ("{weight: c}", "4 c invalidNetwork", "{input: [3, 224, 224]}"),
    ("{input: [4, 9, 9], std: 0}", "4 notANumber", "positive"), ("{input: [0]}", "4 invalidShape", "shape"),
    ("{input: [3, x]}", "4 invalidShape", "shape"), ("{pool: max}", "4 missingKey", "window"),
    ("{pool: global, size: 2}", "4 conflictingKeys", "`size`"), ("{pool: max, size: 0}", "4 numberOutOfRange", "1"),
    ("{pool: max, size: 1.5}", "4 numberOutOfRange", "integer"),
    ("{pool: max, size: 1e300}", "4 numberOutOfRange", "integer"),
    ("{pool: max, size: width}", "4 noValue", "unknown name"), ("{pool: max, size: 1 +}", "4 badExpression", "size"),
    ("{attention: {query: d, key: d, value: d}}", "4 missingKey", "`output`"),
    ("{attention: {qkv: d, key: d, output: d}}", "4 conflictingKeys", "`key`"),
    ("{attention: d}", "4 wrongType", "attention"), ("{gate: {gate: d, up: d}}", "4 missingKey", "`activation`"),
    ("{residual: []}", "4 wrongType", "empty list"),
    ("{residual: [{weight: d, optional: true, if: 0}]}", "4 invalidNetwork", "branch"),
    ("{repeat: h.0, of: [{weight: w}]}", "4 invalidPattern", "h.{i}"),
    ("{repeat: \"h.{i}\"}", "4 missingKey", "repeats"),
    ("{repeat: \"g.{i}\", of: [{weight: w}]}", "4 unknownTensor", "g.0."),
    ("{repeat: \"h.{i}\", of: [{weight: w}]}", "4 unknownTensor", "h.1."),
    ("{weight: a, optional: maybe}", "4 wrongType", "true or false"),
    ("{weight: a, bias: b}", "4 b invalidNetwork", "8 outputs"),
  ])
  func `a wrong entry is refused with its line, its tensor and the remedy`(
    entry: String, expected: String, remedy: String
  ) throws {
    let found = try messages("  - \(entry)\n")
    let first = try #require(found.first, "\(entry) is accepted")
    #expect(summary(first) == expected)
    #expect(first.message.contains(remedy), "\(first.message)")
  }

  @Test func `the two sides of a residual and of a gate must give the same number of values`() throws {
    let sum = try messages("  - {weight: d}\n  - {residual: [{weight: a}]}")
    #expect(sum.map(summary) == ["5 invalidNetwork"])
    #expect(sum.first?.message.contains("8 values") == true && sum.first?.message.contains("4 values") == true)
    #expect(try messages("  - {weight: d}\n  - {residual: [{weight: a}], shortcut: [{weight: a}]}").isEmpty)
    let gate = try messages("  - {weight: d}\n  - {gate: {gate: d, up: a, activation: silu}}")
    #expect(gate.map(summary) == ["5 a invalidNetwork"])
  }

  @Test func `an entry that does not take what the one before gives is refused, and flattening is not`() throws {
    #expect(try messages("  - {weight: a}\n  - {weight: b}").isEmpty)
    let found = try messages("  - {weight: b}\n  - {weight: a}")
    #expect(found.map(summary) == ["5 a invalidNetwork"])
    #expect(found.first?.message.contains("takes 4 values") == true && found.first?.message.contains("gives 3") == true)
    // Flattening gives a multiple: 4 channels of any size.
    let text = "tensors: {c: [4, 1, 3, 3], w: [10, 36]}\nrules: [{match: '*', init: normal}]\nnetwork:"
    #expect(try problems("\(text) [{input: [1, 5, 5]}, {weight: c}, {weight: w}]").isEmpty)
    // The other layout.
    let keras = try messages("  - {weight: d}\n  - {weight: k}")
    #expect(keras.map(summary) == ["5 k invalidNetwork"] && keras.first?.message.contains("layout: keras") == true)
  }

  @Test func `a layer takes what is behind tokens, a vector or a flattened map exactly`() throws {
    func problems(_ tensors: String, _ network: String) throws -> [String] {
      let text = "tensors: {\(tensors)}\nrules: [{match: '*', init: {scheme: normal, std: 1}}]\nnetwork:\n\(network)"
      do {
        _ = try plan(text)
        return []
      } catch let error as SpecError { return error.diagnostics.map(summary) }
    }
    // The rows of an embedding have 4 elements, and 12 is a multiple.
    let tokens = "t: [9, 4], w: [3, 4], v: [3, 12]"
    #expect(try problems(tokens, "  - {embedding: t}\n  - {weight: w}").isEmpty)
    #expect(try problems(tokens, "  - {embedding: t}\n  - {weight: v}") == ["5 v invalidNetwork"])
    // A vector of 8.
    let vector = "a: [8, 4], b: [3, 16]"
    #expect(try problems(vector, "  - {weight: a}\n  - {weight: b}") == ["5 b invalidNetwork"])
    // 4 channels of 3 × 3, behind a pool of 1, and none behind a pool of 9.
    let map = "c: [4, 1, 3, 3], w: [10, 36], v: [10, 72], p: [10, 4]"
    #expect(try problems(map, "  - {input: [1, 5, 5]}\n  - {weight: c}\n  - {weight: w}").isEmpty)
    #expect(try problems(map, "  - {input: [1, 5, 5]}\n  - {weight: c}\n  - {weight: v}") == ["6 v invalidNetwork"])
    #expect(
      try problems(map, "  - {input: [1, 5, 5]}\n  - {weight: c}\n  - {pool: global}\n  - {weight: p}").isEmpty)
    #expect(
      try problems(map, "  - {input: [1, 5, 5]}\n  - {weight: c}\n  - {pool: max, size: 9}\n  - {weight: p}")
        == ["4 invalidNetwork"])
  }

  @Test func `a convolution has as many axes as the map`() throws {
    let text = "tensors: {c: [4, 2, 3, 3], d: [4, 2, 3]}\nrules: [{match: '*', init: normal}]\nnetwork:"
    #expect(try problems("\(text) [{input: [2, 5]}, {weight: d}]").isEmpty)
    #expect(try problems("\(text) [{input: [2, 5]}, {weight: c}]") == ["3 c invalidNetwork"])
    #expect(try problems("\(text) [{input: [2, 5, 5]}, {weight: d}]") == ["3 d invalidNetwork"])
    // Axes that no fans need are not checked by the scheme.
    let axes = "tensors: {c: {shape: [4294967296, 0], fans: {in: [0, 0, 0], out: [1]}, init: zeros}}\n"
    #expect(try problems("\(axes)network: [{weight: c}]").isEmpty)
  }

  @Test func `a norm has one element for each value`() throws {
    #expect(try messages("  - {weight: a}\n  - {norm: batch, weight: n}").isEmpty)
    #expect(try messages("  - {weight: d}\n  - {norm: batch, weight: n}").map(summary) == ["5 n invalidNetwork"])
  }

  @Test func `a softmax before the end, and an input that is not first, are refused`() throws {
    #expect(try messages("  - {weight: a}\n  - {weight: b, activation: softmax}").isEmpty)
    #expect(try messages("  - {weight: a, activation: softmax}\n  - {weight: b}").map(summary) == ["4 invalidNetwork"])
    #expect(
      try messages("  - {residual: [{weight: d, activation: softmax}]}\n  - {weight: a}").map(summary)
        == ["4 invalidNetwork"])
    #expect(try messages("  - {weight: d}\n  - {input: [4]}").map(summary) == ["5 invalidNetwork"])
    #expect(try messages("  - {weight: d}\n  - {embedding: t}").map(summary) == ["5 invalidNetwork"])
  }

  @Test func `all problems of a spec and of its network are reported at once`() throws {
    let text = """
      tensors: {a: [4, 4], b: [4, 4]}
      rules: [{match: a, init: normal}]
      network:
        - {weight: x}
        - {weight: a, activation: nope}
        - {weight: y}
      allow: [{finding: dead, reason: r}]
      """
    #expect(
      try problems(text) == ["1 b noRule", "4 unknownTensor", "5 unknownWord", "6 unknownTensor", "7 unknownWord"])
  }

  @Test func `nesting and the number of entries are bounded`() throws {
    var nested = "{weight: d}"
    for _ in 0..<17 { nested = "{residual: [\(nested)]}" }
    #expect(try messages("  - \(nested)\n").map(\.kind) == [.tooDeep])
    let tensors = (0..<400).map { "h.\($0).w: [1, 1]" }.joined(separator: ", ")
    let inner = Array(repeating: "{weight: w}", count: 400).joined(separator: ", ")
    let text =
      "tensors: {\(tensors)}\nrules: [{match: '*', init: zeros}]\nnetwork: [{repeat: \"h.{i}\", of: [\(inner)]}]"
    #expect(try problems(text) == ["3 limitExceeded"])
    // Entries that are left out are counted too, because each is looked up.
    #expect(try problems(text.replacing("{weight: w}", with: "{weight: q, optional: true}")) == ["3 limitExceeded"])
  }

  @Test(arguments: [
    ("[{finding: dead-units, match: \"h.*\", reason: padding}]", []), ("{}", ["3 wrongType"]),
    ("[{finding: dead-unit, reason: x}]", ["3 unknownWord"]), ("[{finding: dead-units}]", ["3 missingKey"]),
    ("[{finding: dead-units, reason: ''}]", ["3 wrongType"]),
    ("[{finding: dead-units, reason: ' '}]", ["3 missingKey"]),
    ("[{reason: x}]", ["3 missingKey"]), ("[{finding: dead-units, reason: x, tensor: a}]", ["3 unknownKey"]),
    ("[{finding: dead-units, match: '{a}{a}', reason: x}]", ["3 invalidPattern"]), ("[x]", ["3 wrongType"]),
  ])
  func `an entry of allow names a known finding and has a reason`(allow: String, expected: [String]) throws {
    #expect(try problems("tensors: {a: [1]}\nrules: [{match: a, init: zeros}]\nallow: \(allow)") == expected)
  }

  @Test func `allowed findings are those of the spec and then of its preset, with their pattern`() throws {
    let plan = try plan(
      """
      tensors: {a: [1]}
      rules: [{match: a, init: zeros}]
      allow:
        - {finding: zero-rows, match: "*.embed", reason: the padding row}
        - {finding: dead-units, reason: tested}
      """)
    #expect(plan.allowed.map(\.code) == [.zeroRows, .deadUnits])
    #expect(plan.allowed.map(\.match.text) == ["*.embed", "*"])
    #expect(plan.allowed.map(\.reason) == ["the padding row", "tested"])
  }
}
