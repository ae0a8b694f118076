// create --dry-run, and what create, import and graft say about other runs.

import Foundation
import Testing
import WinitJSON
import WinitTestSupport

@Suite struct DryRunTests {
  private func place(_ spec: String) throws -> Workplace {
    let place = try Workplace()
    try place.folder.write("t.yaml", spec)
    return place
  }

  /// The schemes of a spec: fans, expressions, a tie, a seed and a layout of their own, a literal, and `auto`.
  private let spec = """
    layout: keras
    values: {depth: 4}
    tensors:
      emb: [16, 8]
      head: {shape: [16, 8], init: {scheme: same_as, of: emb}}
      conv: {shape: [3, 3, 4, 8], init: he_normal}
      dense: {shape: [8, 32], layout: torch, init: {scheme: lecun_uniform}}
      own: {shape: [8], seed: 7, init: {scheme: uniform, low: -0.5, high: 0.25}}
      given: {shape: [2], init: {scheme: literal, values: [1, 2]}}
      bias: {shape: [8], dtype: float16, init: zeros}
    rules:
      - {match: "unused*", init: ones}
      - {match: "e*", init: {scheme: normal, std: "0.02 / sqrt(depth)"}}
    """

  @Test func `--dry-run gives what the create then records, and changes nothing`() throws {
    let place = try place(spec)
    let before = try place.folder.contents()
    let words = "create t --spec t.yaml --seed 3"
    let dry = try place.run(words + " --dry-run --json")
    #expect(dry.status == 0 && dry.errors.isEmpty)
    #expect(try place.folder.contents() == before)
    let plan = try JSONValue(parsing: dry.output)
    #expect(plan["warnings"]?.arrayValue?.first?.stringValue?.contains("unused*") == true)
    try place.succeed(words)
    let run = try place.json("show t")
    for key in ["name", "seed", "tensor_count", "parameter_count", "byte_count", "law_version", "preset", "stored"] {
      #expect(plan[key]?.canonical == run[key]?.canonical && plan[key] != nil, "\(key)")
    }
    let (planned, recorded) = (plan["tensors"]?.arrayValue ?? [], run["tensors"]?.arrayValue ?? [])
    #expect(planned.count == 7 && recorded.count == 7)
    for (tensor, other) in zip(planned, recorded) {
      for key in ["name", "shape", "dtype", "scheme", "init", "law", "stream", "seed"] {
        #expect(tensor[key]?.canonical == other[key]?.canonical, "\(key)")
      }
      #expect(tensor["digest"] == nil)
    }
  }

  @Test func `--dry-run says where the bytes of each literal are, so that another program can read them`() throws {
    let place = try place(
      """
      like: l.safetensors
      tensors:
        given: {shape: [3], dtype: bfloat16, init: {scheme: literal, values: [1, -2, 0.5]}}
        boxed:
          shape: [4, 2]
          init:
            scheme: parts
            base: zeros
            parts:
            - {box: [[0, 1]], init: {scheme: literal, values: [7, 8]}}
            - {box: [[2, 3]], init: {scheme: literal, from: like, of: row}}
      rules:
        - {match: "*", init: {scheme: literal, from: like}}
      """)
    try place.folder.write(
      "l.safetensors",
      safetensors([("x", [2], Array(0..<8)), ("row", [2], Array(100..<108))]))
    let plan = try JSONValue(parsing: place.run("create t --spec t.yaml --seed 3 --dry-run --json").output)
    func bytes(_ name: String) throws -> [[UInt8]] {
      let tensor = try #require(plan["tensors"]?.arrayValue?.first { $0["name"]?.stringValue == name })
      return try (tensor["literals"]?.arrayValue ?? []).map { literal in
        if let text = literal["base64"]?.stringValue { return Array(Data(base64Encoded: text) ?? Data()) }
        let (file, offset) = (literal["file"]?.stringValue ?? "", literal["offset"]?.integerValue ?? 0)
        return Array(try place.folder.bytes(file)[offset..<offset + 8])
      }
    }
    #expect(try bytes("x") == [Array(0..<8)] && bytes("row") == [Array(100..<108)])
    #expect(try bytes("given") == [[0x80, 0x3F, 0x00, 0xC0, 0x00, 0x3F]])
    #expect(try bytes("boxed") == [[0, 0, 0xE0, 0x40, 0, 0, 0x00, 0x41], Array(100..<108)])
  }

  @Test func `--dry-run names the fans that a scheme divides by, and the line that gives each init`() throws {
    let place = try place(spec)
    let plan = try JSONValue(parsing: place.run("create t --spec t.yaml --seed 3 --dry-run --json").output)
    func tensor(_ name: String) throws -> JSONValue {
      try #require(plan["tensors"]?.arrayValue?.first { $0["name"]?.stringValue == name })
    }
    // Keras: a kernel is [height, width, in, out]. PyTorch: a weight is [out, in].
    #expect(try tensor("conv")["fan_in"]?.integerValue == 36 && tensor("conv")["fan_out"]?.integerValue == 72)
    #expect(try tensor("dense")["fan_in"]?.integerValue == 32 && tensor("dense")["fan_out"]?.integerValue == 8)
    for name in ["emb", "head", "own", "given", "bias"] { #expect(try tensor(name)["fan_in"] == nil, "\(name)") }
    #expect(try tensor("emb")["from"]?.canonical == #"{"file":"t.yaml","line":13,"match":"e*"}"#)
    #expect(try tensor("own")["from"]?.canonical == #"{"file":"t.yaml","line":8,"match":null}"#)
    #expect(try tensor("own")["seed"]?.stringValue == "7" && tensor("emb")["seed"] == nil)
    #expect(try tensor("head")["law"]?.canonical == #"{"law":"same_as","name":"emb"}"#)
    // 0.02 / √4 in binary32.
    #expect(try tensor("emb")["law"]?["std"]?.numberValue == Double(Float(0.01)))
    let text = try place.run("create t --spec t.yaml --seed 3 --dry-run").output
    let facts = [
      "would create t (dry run)", "layout   keras", "36, 72", "line 13: e*", "line 8", "same_as(emb)", "seed 7",
    ]
    for fact in facts { #expect(text.contains(fact), "\(fact)\n\(text)") }
  }

  @Test func `--dry-run shows what a preset assumes, with like and without the bytes`() throws {
    let place = try place(
      """
      tensors: {transformer.wte.weight: [16, 8], transformer.h.0.ln_1.weight: [8]}
      rules: [{match: "*", init: ones}]
      """)
    try place.succeed("create like --spec t.yaml --seed 1")
    try place.succeed("get like -o like.safetensors")
    let words = "create g --preset gpt2 --like like.safetensors --seed 1 --dry-run --recipe-only"
    let text = try place.run(words).output
    #expect(text.contains("preset   gpt2") && text.contains("(assumed)") && text.contains("like.safetensors"))
    #expect(text.contains("recipe and digests only"))
    let plan = try JSONValue(parsing: place.run(words + " --json").output)
    #expect(plan["stored_bytes_maximum"]?.integerValue == 0 && plan["stored"]?.canonical == "false")
    #expect(plan["preset"]?["name"]?.stringValue == "gpt2")
    #expect(plan["tensors"]?.arrayValue?.first?["from"]?["file"]?.stringValue == "preset gpt2")
  }

  @Test(
    arguments: [
      "create t --spec bad.yaml --seed 1", "create t --spec none.yaml --seed 1", "create t:v1 --spec t.yaml --seed 1",
      "create t --spec t.yaml --seed 1 --like none.safetensors", "create t --spec huge.yaml --seed 1",
      "create t --spec t.yaml", "create t --preset nosuch --like t.yaml --seed 1",
      "create t --spec t.yaml --seed 1 --dtype int8", "create t --spec t.yaml --seed 1 --tag =x",
    ])
  func `--dry-run fails with the status and the error of the create`(words: String) throws {
    let place = try place(tinySpec)
    try place.folder.write("bad.yaml", "tensors: {w: [2]}\nrules: []\n")
    try place.folder.write(
      "huge.yaml", "tensors: {w: [4503599627370496, 128]}\nrules: [{match: w, init: zeros}]\n")
    let (real, dry) = (try place.run(words), try place.run(words + " --dry-run"))
    #expect(dry.status == real.status && dry.status != 0)
    #expect(dry.errors == real.errors && dry.output == "")
  }

  @Test func `--dry-run does not open the registry`() throws {
    let place = try place(tinySpec)
    try place.folder.write("winit.sqlite", "not a registry")
    #expect(try place.run("create t --spec t.yaml --seed 1").status == 65)
    #expect(try place.run("create t --spec t.yaml --seed 1 --dry-run").status == 0)
    #expect(try place.folder.bytes("winit.sqlite") == Array("not a registry".utf8))
  }

  @Test func `create, import and graft name the runs that have the same id`() throws {
    let place = try place(tinySpec)
    func same(_ json: JSONValue) -> [String] { json["same_id"]?.arrayValue?.compactMap(\.stringValue) ?? ["?"] }
    #expect(try same(place.json("create t --spec t.yaml --seed 1")) == [])
    #expect(try same(place.json("create t --spec t.yaml --seed 2")) == [])
    #expect(try same(place.json("create u --spec t.yaml --seed 1")) == ["t:v1"])
    let text = try place.succeed("create t --spec t.yaml --seed 1 --recipe-only").output
    #expect(text.contains("same id as  t:v1, u:v1"))
    // A deleted run is not named.
    try place.succeed("rm t:v1")
    #expect(try same(place.json("graft u u --take * --as g")) == ["u:v1", "t:v3"])
    try place.succeed("get u -o u.safetensors")
    #expect(try same(place.json("import u.safetensors --as i")) == [])
    #expect(try same(place.json("import u.safetensors --as i")) == ["i:v1"])
    try place.succeed("export u -o b.winit")
    try place.succeed("create other --spec t.yaml --seed 1 --registry other")
    let bundle = try place.json("import b.winit --registry other")
    #expect(bundle["runs"]?.arrayValue?.map(same) == [["other:v1"]])
    #expect(try place.json("import b.winit --registry other")["runs"]?.arrayValue?.map(same) == [[]])
  }

  @Test func `graft says how many tensors are from each run`() throws {
    let place = try place(tinySpec)
    for seed in 1...2 { try place.succeed("create t --spec t.yaml --seed \(seed)") }
    let text = try place.succeed("graft t:v1 t:v2 --take w --as g").output
    #expect(text.contains("1 tensor of t:v1, 1 tensor of t:v2"))
    let sources = try place.json("graft t:v1 t:v2 --take * --as g")["sources"]?.arrayValue ?? []
    #expect(sources.map { $0["reference"]?.stringValue } == ["t:v1", "t:v2"])
    #expect(sources.map { $0["tensor_count"]?.integerValue } == [0, 2])
  }
}
