import Foundation
import Testing
import WinitCore
import WinitInitializers
import WinitSpec
import WinitTestSupport

@Suite struct ModelSpecTests {
  @Test func `a spec resolves as the documentation shows`() throws {
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

  @Test(arguments: [
    ("*.bias", "a.b.bias", true), ("*.bias", "bias", false), ("a?c", "abc", true), ("a?c", "ac", false),
    ("h.*.w", "h.0.attn.w", true), ("*a*b*", "xxaxxbxx", true), ("*a*b", "aab", true),
    ("abc", "abcd", false),
    ("[0]", "[0]", true), ("**", "x", true), ("*ab*ab", "abab", true), ("*ab*ab", "aab", false),
    ("é*", "é.w", true),
  ])
  func `a pattern matches the whole name, and * matches dots too`(pattern: String, name: String, matches: Bool) throws {
    let text = "tensors: {\"\(name)\": [1]}\nrules: [{match: \"\(pattern)\", init: zeros}]"
    #expect(try problems(text).isEmpty == matches)
  }

  @Test
  func `a dtype is the tensor's own, else the caller's, else that of like, else the spec's; integers keep theirs`()
    throws
  {
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
    let error = #expect(throws: SpecError.self) { try dtypes(.int32) }
    #expect(error?.diagnostics.map(summary) == ["notFloatingPoint"])
  }

  @Test func `skip leaves out a tensor of like, and the plan names it`() throws {
    let tensors = [try like("a", [1], .float32), try like("scale", [1], .float8_e4m3fn)]
    let plan = try plan("rules: [{match: scale, init: skip}, {match: \"*\", init: ones}]", like: tensors)
    #expect(plan.tensors.map(\.name.string) == ["a"] && plan.skipped == ["scale"])
  }

  @Test(arguments: [
    "ones", "{scheme: normal, std: 1}", "orthogonal", "{scheme: literal, values: [1]}",
    "{scheme: parts, base: zeros, parts: []}",
  ])
  func `only bytes of like can initialize fp8, fp6, fp4 and complex tensors`(initialization: String) throws {
    for dtype in DType.allCases where dtype.isLiteralOnly {
      let tensors = [try like("w", [1], dtype)]
      #expect(
        try problems("rules: [{match: \"*\", init: \(initialization)}]", like: tensors) == ["1 w invalidLaw"],
        "\(dtype)")
      // The conditions of rules are about dtypes that laws fill.
      for kind in ["floating", "integer"] {
        let rule = "{match: \"*\", dtype: \(kind), init: zeros}"
        #expect(try problems("rules: [\(rule)]", like: tensors) == ["w noRule"], "\(dtype)")
      }
    }
  }

  @Test func `a rule that decides no tensor is a warning with its line`() throws {
    let plan = try plan(
      "tensors: {a: [1]}\nrules:\n  - {match: a, init: zeros}\n  - {match: b, init: zeros}\n  - {match: a, init: ones}")
    #expect(plan.warnings.map(summary) == ["4 unusedRule", "5 unusedRule"])
  }

  @Test(arguments: [
    ("0.02", true), ("1e-3", true), ("-1", true), ("010", false), ("1:30", false), ("0x10", false),
    ("1_000", false), (".5", false),
    ("+1", false), (".inf", false), (".nan", false), ("NaN", false), ("~", false), ("true", false),
    ("1e999", false),
  ])
  func `numbers are read by JSON's grammar, from the text as it is written`(text: String, good: Bool) throws {
    let spec = "tensors: {a: [1]}\nrules: [{match: a, init: {scheme: normal, std: \(text)}}]"
    #expect(try problems(spec).isEmpty == good)
  }

  @Test
  func `names that differ in their bytes are two tensors, and a repeated name is an error at its first line`() throws {
    let both = "tensors:\n  \"\u{E9}\": [1]\n  \"e\u{301}\": [2]\nrules: [{match: \"*\", init: zeros}]"
    #expect(try plan(both).tensors.map(\.name) == [TensorName("\u{E9}"), TensorName("e\u{301}")])
    #expect(try problems("tensors:\n  a: [1]\n  b: [1]\n  a: [2]\nrules: []") == ["2 duplicateName"])
    // The same with escapes.
    let escaped = "tensors: {\"\\u00e9\": [1], \"e\\u0301\": [2]}\nrules: [{match: \"*\", init: zeros}]"
    #expect(try plan(escaped).tensors.map(\.name) == [TensorName("\u{E9}"), TensorName("e\u{301}")])
    let repeated = "tensors:\n  \"\u{E9}\": [1]\n  \"\\u00e9\": [2]\nrules: [{match: \"*\", init: zeros}]"
    #expect(try problems(repeated) == ["2 duplicateName"])
    let wide = "tensors: {\u{F00E9}: [1]}\nrules: [{match: '*', init: zeros}]"
    #expect(try plan(wide).tensors.map(\.name) == ["\u{F00E9}"])
  }

  @Test func `a YAML alias stands for its anchor, also as a key`() throws {
    let text = "tensors: {a: &s [2, 3], &n b: *s, c: {shape: *s, init: {scheme: same_as, of: *n}}}\n"
    let plan = try plan(text + "rules: [{match: a, init: &i ones}, {match: *n, init: *i}]")
    #expect(plan.tensors.map(\.shape.dims) == [[2, 3], [2, 3], [2, 3]])
    #expect(plan.tensors[2].tiedTo == "b")
    #expect(try problems("tensors: {&n a: [1], *n : [2]}\nrules: []") == ["1 duplicateName"])
  }

  @Test func `the braces in a captured text are not captures`() throws {
    let text = """
      tensors: {"{b}.x": [2], "{b}x": {shape: [2], init: ones}}
      rules: [{match: "{a}.{b}", init: {scheme: same_as, of: "{a}{b}"}}]
      """
    #expect(try plan(text).tensors.first?.tiedTo == "{b}x")
  }

  @Test(arguments: [
    ("gpt2", 148, 124_439_808), ("bert-base", 199, 109_482_240), ("resnet50", 320, 25_610_205),
    ("vgg16", 32, 138_357_544),
  ])
  func `a spec in specs/ resolves, uses every rule, and has as many tensors and parameters as the library's model`(
    name: String, tensors: Int, parameters: Int
  ) throws {
    let path = VectorFile.repository.appending(path: "specs/\(name).yaml").path
    let plan = try ModelSpec(contentsOf: path).resolve()
    #expect(plan.tensors.count == tensors)
    #expect(plan.tensors.reduce(0) { $0 + $1.shape.elementCount } == parameters)
    #expect(plan.warnings.isEmpty)
  }

  @Test func `a byte order mark is skipped, and bytes that are not UTF-8 are refused`() throws {
    let folder = try TemporaryFolder()
    let text = "tensors: {a: [1]}\nrules: [{match: a, init: zeros}]"
    let marked = try folder.write("bom.yaml", [0xEF, 0xBB, 0xBF] + Array(text.utf8))
    #expect(try ModelSpec(contentsOf: marked).resolve().tensors.count == 1)
    let bad = try folder.write("bad.yaml", [0x61, 0xFF])
    let error = #expect(throws: SpecError.self) { try ModelSpec(contentsOf: bad) }
    #expect(error?.diagnostics.map(summary) == ["invalidEncoding"])
  }

  @Test func `like is relative to the spec's folder, also where its path begins with a tilde`() throws {
    let folder = try TemporaryFolder()
    let header = Array(#"{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#.utf8)
    try folder.write("~.safetensors", [UInt8(header.count), 0, 0, 0, 0, 0, 0, 0] + header + [0])
    let spec = try folder.write("s.yaml", "like: ~.safetensors\nrules: [{match: w, init: ones}]")
    #expect(try ModelSpec(contentsOf: spec).plan().tensors.map(\.name) == ["w"])
  }

  @Test func `names with the same stream are found (no two such names are known, so the streams are given)`() {
    let found = repeatedStreams([("a", 1), ("b", 2), ("c", 1), ("d", 1)])
    #expect(found.map(\.name) == ["c", "d"])
    #expect(found.map(\.other) == ["a", "a"])
    #expect(repeatedStreams([("a", 1), ("b", 2)]).isEmpty)
  }
}
