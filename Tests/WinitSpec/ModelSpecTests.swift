import Foundation
import Testing
import WinitCore
import WinitInitializers
import WinitSpec
import WinitTestSupport

private func plan(
  _ text: String, dtype: DType? = nil, like: [LikeTensor]? = nil
) throws -> Plan {
  try ModelSpec(parsing: text, file: "m.yaml").resolve(
    dtype: dtype, like: like.map { ("like.safetensors", $0) })
}

private func like(_ name: String, _ dims: [Int], _ dtype: DType?, code: String = "F8_E4M3") throws
  -> LikeTensor
{
  LikeTensor(name: TensorName(name), shape: try Shape(dims), dtype: dtype, code: code)
}

/// The messages of the error a spec gives.
private func errors(_ text: String, like: [LikeTensor]? = nil) -> [String] {
  do {
    _ = try plan(text, like: like)
    return []
  } catch let error as SpecError { return error.diagnostics.map(\.description) } catch { return ["\(error)"] }
}

@Suite struct ModelSpecTests {
  @Test("a spec as the documentation shows it")
  func example() throws {
    let plan = try plan(
      """
      dtype: float32
      layout: torch
      tensors:
        transformer.wte.weight: [50257, 768]
        transformer.h.0.ln_1.weight: {shape: [768], init: ones}
        transformer.h.0.mlp.c_proj.weight: [3072, 768]
        transformer.h.0.mlp.c_proj.bias: [768]
        steps: {shape: [], dtype: int64, init: zeros}
      rules:
        - {match: "*.c_proj.weight", init: {scheme: normal, std: 0.004082482904638630}, layout: keras}
        - {match: "*.bias", init: zeros}
        - {match: "*", init: {scheme: normal, std: 0.02}}
      """)
    #expect(
      plan.tensors.map(\.name.string) == [
        "transformer.wte.weight", "transformer.h.0.ln_1.weight", "transformer.h.0.mlp.c_proj.weight",
        "transformer.h.0.mlp.c_proj.bias", "steps",
      ])
    #expect(
      plan.tensors.map(\.law) == [
        .normal(mean: 0, std: 0.02), .constant(value: 1),
        .normal(mean: 0, std: 0.004082482904638630 as Float),
        .constant(value: 0), .constant(value: 0),
      ])
    #expect(
      plan.tensors.map { FanSource(json: $0.record) }
        == [.layout(.torch), .layout(.torch), .layout(.keras), .layout(.torch), .layout(.torch)])
    #expect(plan.tensors[4].dtype == .int64)
    #expect(plan.warnings.isEmpty)
  }

  @Test(
    "the first matching rule wins, and * crosses dots",
    arguments: [
      ("*.bias", "a.b.bias", true), ("*.bias", "bias", false), ("a?c", "abc", true), ("a?c", "ac", false),
      ("h.*.w", "h.0.attn.w", true), ("*a*b*", "xxaxxbxx", true), ("*a*b", "aab", true),
      ("abc", "abcd", false),
      ("[0]", "[0]", true), ("**", "x", true), ("*ab*ab", "abab", true), ("*ab*ab", "aab", false),
      ("é*", "é.w", true),
    ])
  func globs(pattern: String, name: String, matches: Bool) throws {
    let text = "tensors: {\"\(name)\": [1]}\nrules: [{match: \"\(pattern)\", init: zeros}]"
    #expect(errors(text).isEmpty == matches)
  }

  @Test("dtype: a tensor's own, else the command line's, else like's, else the spec's; integers keep theirs")
  func dtypes() throws {
    let text = """
      dtype: float64
      tensors:
        own: {shape: [1], dtype: float16}
        spec: [1]
        cast: {dtype: bfloat16}
      rules: [{match: "*", init: zeros}]
      """
    let tensors = [
      try like("l", [1], .bfloat16), try like("i", [1], .int64), try like("cast", [2], .float32),
    ]
    func dtypes(_ dtype: DType?) throws -> [String: DType] {
      Dictionary(
        uniqueKeysWithValues: try plan(text, dtype: dtype, like: tensors).tensors.map {
          ($0.name.string, $0.dtype)
        })
    }
    #expect(
      try dtypes(nil) == ["own": .float16, "spec": .float64, "l": .bfloat16, "i": .int64, "cast": .bfloat16])
    #expect(
      try dtypes(.float32) == [
        "own": .float16, "spec": .float32, "l": .float32, "i": .int64, "cast": .bfloat16,
      ])
    #expect(throws: SpecError.self) { try dtypes(.int32) }
  }

  @Test("skip leaves a tensor of like out, even one whose dtype is not supported")
  func skip() throws {
    let tensors = [try like("a", [1], .float32), try like("scale", [1], nil)]
    let rules = "rules: [{match: scale, init: skip}, {match: \"*\", init: ones}]"
    #expect(try plan(rules, like: tensors).tensors.map(\.name.string) == ["a"])
    #expect(
      errors("rules: [{match: \"*\", init: ones}]", like: tensors) == [
        "m.yaml: tensor `scale`: its dtype in like.safetensors is F8_E4M3, which is not supported yet; give it another under `tensors:`, or `init: skip`"
      ])
  }

  @Test("a rule that matches nothing is a warning, with its line")
  func warnings() throws {
    let plan = try plan(
      "tensors: {a: [1]}\nrules:\n  - {match: a, init: zeros}\n  - {match: b, init: zeros}\n")
    #expect(
      plan.warnings.map(\.description) == [
        "m.yaml:4: the rule for `b` matches no tensor, or only ones that an earlier rule takes"
      ])
  }

  @Test(
    "numbers are read by JSON's grammar from the text that stands there",
    arguments: [
      ("0.02", true), ("1e-3", true), ("-1", false), ("010", false), ("1:30", false), ("0x10", false),
      ("1_000", false), (".5", false),
      ("+1", false), (".inf", false), (".nan", false), ("NaN", false), ("~", false), ("true", false),
      ("1e999", false),
    ])
  func numbers(text: String, good: Bool) {
    #expect(
      errors("tensors: {a: [1]}\nrules: [{match: a, init: {scheme: normal, std: \(text)}}]").isEmpty == good)
  }

  @Test("two spellings of é are two tensors; the same name twice is an error that names both lines")
  func spellings() throws {
    let both = "tensors:\n  \"\u{E9}\": [1]\n  \"e\u{301}\": [2]\nrules: [{match: \"*\", init: zeros}]"
    #expect(try plan(both).tensors.map(\.name) == [TensorName("\u{E9}"), TensorName("e\u{301}")])
    #expect(
      errors("tensors:\n  a: [1]\n  b: [1]\n  a: [2]\nrules: []") == [
        "m.yaml:2: `a` stands twice, again on line 4"
      ])
    // By escapes too.
    let escaped = "tensors: {\"\\u00e9\": [1], \"e\\u0301\": [2]}\nrules: [{match: \"*\", init: zeros}]"
    #expect(try plan(escaped).tensors.map(\.name) == [TensorName("\u{E9}"), TensorName("e\u{301}")])
    #expect(
      errors("tensors:\n  \"\u{E9}\": [1]\n  \"\\u00e9\": [2]\nrules: [{match: \"*\", init: zeros}]") == [
        "m.yaml:2: `\u{E9}` stands twice, again on line 3"
      ])
    let wide = "tensors: {\u{F00E9}: [1]}\nrules: [{match: '*', init: zeros}]"
    #expect(try plan(wide).tensors.map(\.name) == ["\u{F00E9}"])
  }

  @Test(
    "what is wrong is said with file, line and tensor",
    arguments: [
      ("", ["m.yaml: the spec is empty"]),
      ("- a", ["m.yaml:1: a spec is a list; it must be a mapping"]),
      ("tensors: {a: [1]}\nrules: []", ["m.yaml:1: tensor `a`: no rule matches it"]),
      ("tensor: {a: [1]}", ["m.yaml:1: a spec has no key `tensor`; did you mean `tensors`?"]),
      (
        "tensors:\n  a: {shape: [1], intt: ones}\nrules: []",
        ["m.yaml:2: tensor `a`: a tensor has no key `intt`; did you mean `init`?"]
      ),
      (
        "tensors: {a: [1]}\nrules:\n  - {mach: a, init: zeros}",
        ["m.yaml:3: a rule has no key `mach`; did you mean `match`?"]
      ),
      ("tensors: {a: [1]}\nrules:\n  - {match: a}", ["m.yaml:3: a rule needs both `match` and `init`"]),
      (
        "tensors: {a: [1]}\nrules:\n  - {match: a, init: zero}",
        ["m.yaml:3: unknown scheme `zero`; did you mean `zeros`?"]
      ),
      (
        "tensors: {a: [1]}\nrules:\n  - {match: a, init: {std: 1}}",
        ["m.yaml:3: init is a mapping without `scheme`"]
      ),
      (
        "tensors: {a: [1]}\nrules:\n  - {match: a, init: {scheme: normal, sdt: 1}}",
        ["m.yaml:3: `normal` has no parameter `sdt`; did you mean `std`?"]
      ),
      (
        "tensors: {a: [1]}\nrules:\n  - {match: a, init: {scheme: normal, std: -1}}",
        ["m.yaml:3: tensor `a`: std is -1.0; it cannot be negative"]
      ),
      (
        "tensors: {a: [1]}\nrules:\n  - {match: a, init: {scheme: normal, std: .nan}}",
        ["m.yaml:3: std is `.nan`, which is not a number"]
      ),
      (
        "tensors: {a: [1]}\nrules:\n  - {match: a, init: {scheme: uniform, low: 2, high: 1}}",
        ["m.yaml:3: tensor `a`: low is 2.0 and high is 1.0; low must be below high"]
      ),
      (
        "tensors: {a: [1]}\nrules:\n  - {match: a, init: he_normal}",
        ["m.yaml:3: tensor `a`: `he_normal` needs the tensor's fans, and the shape [1] has none"]
      ),
      (
        "tensors:\n  a: [2, -3]\nrules: []",
        ["m.yaml:2: tensor `a`: dimension 1 is -3; a dimension cannot be negative"]
      ),
      (
        "tensors:\n  a: [4294967296, 4294967296]\nrules: []",
        ["m.yaml:2: tensor `a`: the shape [4294967296, 4294967296] overflows"]
      ),
      (
        "tensors:\n  a: [99999999999999999999]\nrules: []",
        ["m.yaml:2: tensor `a`: the dimension `99999999999999999999` overflows"]
      ),
      ("tensors:\n  a: [010]\nrules: []", ["m.yaml:2: tensor `a`: the dimension `010` is not an integer"]),
      ("tensors:\n  a: [1.5]\nrules: []", ["m.yaml:2: tensor `a`: the dimension `1.5` is not an integer"]),
      ("tensors:\n  a: 5\nrules: []", ["m.yaml:2: tensor `a`: it is `5`; write a shape"]),
      (
        "tensors:\n  a: {init: ones}\nrules: []",
        ["m.yaml:2: tensor `a`: it has no shape, and no tensor of `like` has its name"]
      ),
      (
        "tensors:\n  \"\": [1]\nrules: [{match: \"*\", init: zeros}]",
        ["m.yaml:2: tensor ``: a tensor needs a name that is not empty"]
      ),
      (
        "tensors:\n  __metadata__: [1]\nrules: [{match: \"*\", init: zeros}]",
        ["m.yaml:2: tensor `__metadata__`: `__metadata__` is reserved"]
      ),
      (
        "tensors:\n  a: {shape: [1], dtype: float8}\nrules: []",
        ["m.yaml:2: tensor `a`: the dtype `float8` is not supported; did you mean `float"]
      ),
      (
        "dtype: int32\ntensors: {a: [1]}\nrules: [{match: a, init: zeros}]",
        ["m.yaml:1: the model's dtype is int32"]
      ),
      (
        "layout: tf\ntensors: {a: [1]}\nrules: [{match: a, init: zeros}]",
        ["m.yaml:1: the layout `tf` is unknown"]
      ),
      (
        "tensors:\n  n: {shape: [], dtype: int64}\nrules:\n  - {match: n, init: normal}",
        ["m.yaml:4: tensor `n`: int64 tensors hold constants only"]
      ),
      ("tensors: {a: [1}", ["m.yaml:1: not valid YAML"]),
      ("tensors: {a: [1]}\n---\nrules: []", ["m.yaml:2: not valid YAML"]),
      ("rules: []", ["m.yaml: it describes no tensor"]),
      ("tensors: {a: [1]}\nrules: {}", ["m.yaml:2: rules is a mapping; it is a list"]),
    ])
  func refused(text: String, messages: [String]) {
    let found = errors(text)
    #expect(found.count == messages.count, "\(found)")
    for (found, expected) in zip(found, messages) { #expect(found.hasPrefix(expected), "\(found)") }
  }

  @Test("all errors are reported in one go, in the order of the file, whether of the spec or of its tensors")
  func several() {
    let found = errors(
      """
      dtyp: float32
      tensors:
        a: [-1]
        b: {shape: [2], dtype: f99}
        c: [3]
        d: {shape: [4], init: {scheme: normal, sdt: 1, maen: 2}}
        e: [5]
      rules:
        - {match: "zz", init: {scheme: normal, std: -1}}
        - {match: "c", init: he_normal}
        - {match: "[abd]", init: normall}
        - {match: "*"}
      """)
    #expect(found.map { $0.split(separator: ":")[1] } == ["1", "3", "4", "6", "9", "10", "11", "12"])
    #expect(found[3].contains("no parameter `maen`") && found[3].contains("no parameter `sdt`"))
    #expect(found[4].contains("std is -1.0; it cannot be negative"))
    #expect(found[5].contains("tensor `c`: `he_normal` needs the tensor's fans"))
  }

  @Test("errors of many tensors come together too")
  func severalTensors() {
    let found = errors("tensors: {a: [1], b: [2, 2], c: [3]}\nrules: [{match: \"*\", init: he_normal}]")
    #expect(found.count == 2)
  }

  @Test("a shape that is not like's is an error, and so is a name of like that no registry holds")
  func likeErrors() throws {
    let tensors = [try like("a", [2], .float32), try like("", [1], .float32)]
    let found = errors("tensors: {a: [3]}\nrules: [{match: \"*\", init: zeros}]", like: tensors)
    #expect(found.contains { $0.contains("its shape is [3] here and [2] in like.safetensors") })
    #expect(found.contains { $0.contains("a tensor needs a name that is not empty") })
  }

  @Test("aliases that expand without end are refused")
  func aliases() {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for i in 1...8 {
      text += "a\(i): &a\(i) [" + Array(repeating: "*a\(i - 1)", count: 10).joined(separator: ", ") + "]\n"
    }
    #expect(errors(text).first?.contains("more than a million nodes") == true)
    // As a key, which would be compared; and of one long text, which would be copied.
    #expect(errors(text + "? *a8\n: 1\n").first?.contains("more than a million nodes") == true)
    let long =
      "a: &a \(String(repeating: "y", count: 10_000))\nb: [\(String(repeating: "*a, ", count: 5000))]"
    #expect(errors(long).first?.contains("more than a million nodes") == true)
    #expect(errors("a: *b").first?.contains("alias of nothing") == true)
  }

  @Test("aliases stand for what they name, as a key too")
  func shared() throws {
    let text = "tensors: {a: &s [2, 3], &n b: *s, c: {shape: *s, init: {scheme: same_as, of: *n}}}\n"
    let plan = try plan(text + "rules: [{match: a, init: &i ones}, {match: *n, init: *i}]")
    #expect(plan.tensors.map(\.shape.dims) == [[2, 3], [2, 3], [2, 3]])
    #expect(plan.tensors[2].tiedTo == "b")
    #expect(
      errors("tensors: {&n a: [1], *n : [2]}\nrules: []") == ["m.yaml:1: `a` stands twice, again on line 1"])
  }

  @Test("nesting is bounded, by aliases too, and keys that are lists cost no time")
  func nesting() {
    var chain = "a0: &a0 [x]\n"
    for i in 1...5000 { chain += "a\(i): &a\(i) [*a\(i - 1)]\n" }
    #expect(errors(chain).first?.contains("nested more than 64 deep") == true)
    let deep = String(repeating: "[", count: 70) + String(repeating: "]", count: 70)
    #expect(errors("tensors: \(deep)") == ["m.yaml:1: it is nested more than 64 deep"])
    let deeper = errors(String(repeating: "[", count: 100_000))
    #expect(deeper == ["m.yaml:1: it is nested more than 64 deep"])
    let key = String(repeating: "[", count: 40) + "x" + String(repeating: "]", count: 40)
    let start = ContinuousClock.now
    let keys = [1, 1, 2, 2].map { "[\(key), \($0)]: 1" }.joined(separator: ", ")
    #expect(errors("{\(keys)}").first?.contains("has no key a list") == true)
    #expect(start.duration(to: .now) < .seconds(10))
  }

  @Test("what a capture holds is not searched for captures")
  func fillsOnce() throws {
    let text = """
      tensors: {"{b}.x": [2], "{b}x": {shape: [2], init: ones}}
      rules: [{match: "{a}.{b}", init: {scheme: same_as, of: "{a}{b}"}}]
      """
    #expect(try plan(text).tensors.first?.tiedTo == "{b}x")
  }

  @Test("what is written into each tensor's record or error is short")
  func longTexts() {
    let long = String(repeating: "{a}", count: 400)
    for initialization in [
      "{scheme: same_as, of: '\(long)'}", "{scheme: uniform, fan_of: '\(long)'}",
      "{scheme: normal, std: '\(long)'}",
    ] {
      let found = errors("tensors: {w: [1]}\nrules: [{match: '{a}', init: \(initialization)}]")
      #expect(found.first?.contains("more than 1000 characters") == true, "\(found)")
    }
  }

  @Test("parts and literals that a rule gives to many tensors are bounded together")
  func amplified() {
    let tensors = (0..<1000).map { "n\($0): [9]" }.joined(separator: ", ")
    let parts = Array(repeating: "{box: [[0, 1]], init: ones}", count: 101).joined(separator: ", ")
    let values = Array(repeating: "1", count: 1001).joined(separator: ", ")
    for (initialization, message) in [
      ("{scheme: parts, base: zeros, parts: [\(parts)]}", "more than 100000 parts"),
      ("{scheme: literal, values: [\(values)]}", "more than a million values"),
    ] {
      let found = errors("tensors: {\(tensors)}\nrules: [{match: '*', init: \(initialization)}]")
      #expect(found.first?.contains(message) == true, "\(found.first ?? "")")
    }
  }

  @Test("many tensors tied to names that are not there are refused in no time")
  func manyTied() {
    let names = (0..<3000).map { "n\($0): {shape: [1], init: {scheme: same_as, of: m\($0)}}" }
    let start = ContinuousClock.now
    #expect(errors("tensors: {\(names.joined(separator: ", "))}").count == 3000)
    #expect(start.duration(to: .now) < .seconds(10))
  }

  @Test(
    "the specs that ship resolve, each rule used, with as many tensors and parameters as the libraries count",
    arguments: [
      ("gpt2", 148, 124_439_808), ("bert-base", 199, 109_482_240), ("resnet50", 320, 25_610_205),
      ("vgg16", 32, 138_357_544),
    ])
  func shipped(name: String, tensors: Int, parameters: Int) throws {
    let path = VectorFile.repository.appending(path: "specs/\(name).yaml").path
    let plan = try ModelSpec(contentsOf: path).resolve()
    #expect(plan.tensors.count == tensors)
    #expect(plan.tensors.reduce(0) { $0 + $1.shape.elementCount } == parameters)
    #expect(plan.warnings.isEmpty)
  }

  @Test("an error in an init is reported at its line")
  func initLine() {
    #expect(
      errors("tensors: {a: [1]}\nrules:\n  - match: a\n    init:\n      scheme: normal\n      std: -1\n")
        .first?.hasPrefix("m.yaml:5: tensor `a`: std") == true)
  }

  @Test("a byte order mark is no part of a spec, and bytes that are not UTF-8 are refused")
  func encoding() throws {
    let folder = try TemporaryFolder()
    let text = "tensors: {a: [1]}\nrules: [{match: a, init: zeros}]"
    let marked = try folder.write("bom.yaml", [0xEF, 0xBB, 0xBF] + Array(text.utf8))
    #expect(try ModelSpec(contentsOf: marked).resolve().tensors.count == 1)
    let bad = try folder.write("bad.yaml", [0x61, 0xFF])
    #expect(throws: SpecError.self) { try ModelSpec(contentsOf: bad) }
  }

  @Test("like is found beside the spec, also where the path begins with a tilde")
  func likeBeside() throws {
    let folder = try TemporaryFolder()
    let header = Array(#"{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#.utf8)
    try folder.write("~.safetensors", [UInt8(header.count), 0, 0, 0, 0, 0, 0, 0] + header + [0])
    let spec = try folder.write("s.yaml", "like: ~.safetensors\nrules: [{match: w, init: ones}]")
    #expect(try ModelSpec(contentsOf: spec).plan().tensors.map(\.name) == ["w"])
  }

  @Test("names that share a stream are found (no two such names are known, so the streams are given)")
  func streams() {
    let found = repeatedStreams([("a", 1), ("b", 2), ("c", 1), ("d", 1)])
    #expect(found.map(\.name) == ["c", "d"])
    #expect(found.map(\.other) == ["a", "a"])
    #expect(repeatedStreams([("a", 1), ("b", 2)]).isEmpty)
  }
}
