// Structured tensors: parts, identities, orthogonal matrices, literals and ties.

import Foundation
import Testing
import WinitJSON
import WinitTestSupport

/// Boxes with their own laws and streams, identities, literals and ties, some of them of several chunks.
private let structured = """
  values: {layers: {count: "h.{i}.w"}, width: {dim: "h.*.w", axis: 1}}
  tensors:
    emb: [700, 500]
    gate: [4, 30]
    fused: {shape: [3, 4, 5], dtype: bfloat16}
    h.0.w: [64, 96]
    h.1.w: [64, 96]
    eye: [300, 1200]
    eye.low: {shape: [3, 2], dtype: float16}
    dirac: {shape: [6, 2, 3, 4], init: {scheme: dirac, groups: 3}}
    mask: {shape: [2, 3], dtype: bool, init: {scheme: literal, values: [1, 0, 0, 1, 1, 0]}}
    steps: {shape: [3], dtype: float64, init: {scheme: literal, values: [0.1, 1 / 3, layers]}}
    streamed: {shape: [600, 600], init: {scheme: parts, base: ones, parts: [{box: [[1, 599]], stream: other, init: {scheme: normal, std: 1}}]}}
    ortho.tall: {shape: [150, 140], init: {scheme: orthogonal, gain: sqrt(2)}}
    ortho.wide: {shape: [20, 130], dtype: float64, init: orthogonal}
    ortho.conv: {shape: [3, 3, 5, 70], dtype: bfloat16, layout: keras, init: {scheme: jax.orthogonal, scale: 0.5}}
    ortho.line: {shape: [1, 9], init: torch.orthogonal}
    ortho.point: {shape: [1, 1], dtype: float16, init: orthogonal}
    delta: {shape: [4, 3, 6, 80], layout: keras, init: {scheme: delta_orthogonal, gain: 2}}
    sparse: {shape: [70, 33], init: {scheme: sparse, sparsity: 0.25, std: 0.1}}
    head: {shape: [700, 500], init: {scheme: same_as, of: emb}}
    mask.again: {shape: [2, 3], dtype: bool, init: {scheme: same_as, of: mask}}
  rules:
    - match: emb
      init: {scheme: parts, base: {scheme: normal, std: 0.02}, parts: [{box: [[0, 1]], init: zeros}]}
    - match: gate
      init: {scheme: parts, base: zeros, parts: [{box: [[0, 4], [10, 20]], init: ones}, {box: [[1, 3], [0, 12]], init: {scheme: uniform, low: -1, high: 1}}]}
    - match: fused
      init:
        scheme: parts
        base: {scheme: truncated_normal, std: 0.5}
        parts: [{box: [[1, 2], [0, 3]], stream: other.name, init: {scheme: normal, std: 1}}, {box: [[2, 3], [1, 4], [2, 4]], init: {scheme: constant, value: 7}}]
    - {match: "h.{i}.w", init: {scheme: normal, std: 0.02 / sqrt(2 * layers * (i + 1)) + width * 0}}
    - {match: "eye*", init: {scheme: eye, gain: 0.5}}
  """

@Suite struct StructureTests {
  private func place(_ options: String = "") throws -> Workplace {
    let place = try Workplace()
    try place.folder.write("s.yaml", structured)
    try place.succeed("create s --spec s.yaml --seed 5 \(options)")
    return place
  }

  @Test(
    .enabled(if: Python.isAvailable, "needs Python with numpy and safetensors"),
    arguments: ["", "--recipe-only"])
  func `parts, identities, literals and ties have the values that NumPy computes, stored or not`(options: String) throws
  {
    let place = try place(options)
    try place.succeed("get s -o s.safetensors")
    try place.folder.write("show.json", place.succeed("show s --json").output)
    try place.folder.write("manifest", place.succeed("show s --manifest").output)
    for (arguments, printed) in [
      (["safetensors", "s.safetensors", "show.json"], "20 tensors read, 20 computed and equal"),
      (["id", "show.json", "manifest"], "sha256:"),
    ] {
      let check = try Python.run("export", arguments, in: place.folder)
      #expect(check.status == 0, "\(check.output)\(check.errors)")
      #expect(check.output.hasPrefix(printed))
    }
    #expect(try place.run("verify s").status == 0)
    #expect(try place.run("verify s --against s.safetensors").status == 0)
  }

  @Test(arguments: ["scalar", "sse2", "avx2"])
  func `the kernel and the number of threads do not change the bits of structured tensors`(kernel: String) throws {
    let place = try place("--recipe-only")
    let first = try place.json("show s")["id"]
    let again = try place.run(
      "create s --spec s.yaml --seed 5 --recipe-only --threads 3", environment: ["WINIT_KERNEL": kernel])
    #if arch(x86_64)
      #expect(again.status == 0, "\(again.errors)")
      #expect(try place.json("show s:v2")["id"]?.stringValue == first?.stringValue)
    #endif
  }

  @Test(.enabled(if: Python.isAvailable, "needs Python with numpy and safetensors"))
  func `every random scheme draws its published distribution`() throws {
    let place = try Workplace()
    let spec = try Python.run("distributions", ["spec", "d.yaml"], in: place.folder)
    #expect(spec.status == 0, "\(spec.errors)")
    try place.succeed("create d --spec d.yaml --seed 3 --recipe-only")
    try place.succeed("get d -o d.safetensors")
    let check = try Python.run("distributions", ["check", "d.safetensors"], in: place.folder)
    #expect(check.status == 0, "\(check.output)\(check.errors)")
    #expect(check.output.hasPrefix("37 distributions as published"))
  }

  @Test func `a slice of a recipe-only orthogonal tensor has the right bytes, and get prints a note`() throws {
    let place = try place("--recipe-only")
    try place.succeed("get s --tensor ortho.tall -o whole.raw")
    let slice = try place.run("get s --tensor ortho.tall --slice 100:102 -o slice.raw")
    #expect(slice.status == 0 && slice.errors.hasPrefix("note: ") && slice.errors.contains("`ortho.tall`"))
    let row = 140 * 4
    #expect(
      try place.folder.bytes("slice.raw") == Array(place.folder.bytes("whole.raw")[100 * row..<102 * row]))
    #expect(try place.run("get s --tensor emb --slice 0:1 -o emb.raw").errors.isEmpty)
  }

  @Test func `show prints expressions as text and as numbers`() throws {
    let place = try place("--recipe-only")
    let tensors = try place.json("show s")["tensors"]?.arrayValue ?? []
    let w = try #require(tensors.first { $0["name"]?.stringValue == "h.1.w" })
    // 0.02 / sqrt(2 * 2 * 2) in binary64 (Python), and the same number in binary32 (NumPy).
    #expect(w["init"]?["std"]?.numberValue == 0.0070710678118654745)
    #expect(w["init"]?["expressions"]?["std"]?.stringValue == "0.02 / sqrt(2 * layers * (i + 1)) + width * 0")
    #expect(w["law"]?["std"]?.numberValue == 0.007071067579090595)
  }

  @Test func `get --no-tied omits tied tensors and writes all others`() throws {
    let place = try place()
    try place.succeed("get s --no-tied -o s.safetensors")
    let tied = ["head", "mask.again"]
    let bytes = try place.folder.bytes("s.safetensors")
    let length = bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    let header = try JSONValue(parsing: String(decoding: bytes[8..<8 + length], as: UTF8.self))
    let names = (header.objectValue ?? []).map(\.key).filter { $0 != "__metadata__" }
    #expect(names.count == 18 && !names.contains { tied.contains($0) })
    // A reader of the file gets the tied tensors from their targets, so the file verifies, and the output says so.
    let against = try place.run("verify s --against s.safetensors")
    #expect(against.status == 0)
    #expect(tied.allSatisfy { against.output.contains("`\($0)`") } && !against.output.contains("mismatch"))
  }

  @Test func `a preset takes ties, a zero row and literals from the checkpoint of --like`() throws {
    let place = try Workplace()
    try place.folder.write(
      "model.yaml",
      """
      tensors:
        bert.embeddings.position_ids: {shape: [1, 6], dtype: int64, init: {scheme: literal, values: [0, 1, 2, 3, 4, 5]}}
        bert.embeddings.word_embeddings.weight: [50, 8]
        bert.embeddings.LayerNorm.weight: [8]
        cls.predictions.bias: [50]
        cls.predictions.decoder.weight: [50, 8]
        cls.predictions.decoder.bias: [50]
      rules:
        - {match: "*", init: {scheme: normal, std: 3}}
      """)
    try place.succeed("create model --spec model.yaml --seed 1")
    try place.succeed("get model -o model.safetensors")
    try place.succeed("create b --preset bert --like model.safetensors --seed 2 --recipe-only")
    let tensors = try place.json("show b")["tensors"]?.arrayValue ?? []
    let laws = Dictionary(
      uniqueKeysWithValues: tensors.map { ($0["name"]?.stringValue ?? "", $0["law"]?.canonical ?? "") })
    #expect(laws["bert.embeddings.position_ids"] == #"{"law":"literal"}"#)
    #expect(laws["bert.embeddings.LayerNorm.weight"] == #"{"law":"constant","value":1}"#)
    #expect(
      laws["bert.embeddings.word_embeddings.weight"]
        == #"{"law":"parts","parts":[{"box":[],"law":{"law":"normal","mean":0,"std":0.019999999552965164}},{"box":[[0,1]],"law":{"law":"constant","value":0}}]}"#
    )
    #expect(
      laws["cls.predictions.decoder.weight"]
        == #"{"law":"same_as","name":"bert.embeddings.word_embeddings.weight"}"#)
    try place.succeed("get b --tensor bert.embeddings.position_ids -o ids.raw")
    #expect(
      try place.folder.bytes("ids.raw") == (0..<6).flatMap { [UInt8($0)] + [UInt8](repeating: 0, count: 7) })
    #expect(try place.run("verify b").status == 0)
  }

  @Test(arguments: [
    ("{scheme: eye}", ["eye"]), ("{scheme: same_as, of: nobody}", ["`nobody`"]),
    ("{scheme: same_as, of: a}", ["`a`"]), ("{scheme: same_as, of: other}", ["`other`"]),
    ("{scheme: dirac, groups: 2}", ["groups", "2"]), ("{scheme: dirac, groups: 0.5}", ["groups", "0.5"]),
    ("{scheme: sparse, sparsity: 1.5}", ["sparsity", "1.5"]),
    ("{scheme: sparse, sparsity: 0.5}", ["sparse", "rank 2"]),
    ("{scheme: sparse}", ["sparsity"]), ("{scheme: orthogonal, gain: -1}", ["gain", "-1"]),
    ("{scheme: delta_orthogonal, fan_of: other}", ["fan_of"]),
    ("he_normal, layout: keras, fans: {in: [0], out: [1]}", ["layout", "fans"]),
    ("{scheme: literal, values: [1, 2]}", ["literal", "2"]), ("{scheme: literal, from: like}", ["like"]),
    ("{scheme: parts, base: zeros, parts: [{box: [[2, 9]], init: ones}]}", ["9"]),
    ("{scheme: parts, base: zeros, parts: [{box: [[0, 2]], init: {scheme: eye}}]}", ["eye"]),
    ("{scheme: normal, std: 1 / layers}", ["`layers`"]), ("{scheme: normal, std: 'sqrt(-dim[0])'}", ["sqrt", "-3"]),
    ("{scheme: uniform, fan_of: nobody}", ["fan_of", "`nobody`"]),
    ("{scheme: torch.trunc_normal, a: 2, b: -2}", ["low", "high"]),
    ("{scheme: torch.trunc_normal, a: 90, b: 91}", ["tail"]),
    ("{scheme: jax.variance_scaling}", ["scale"]), ("{scheme: keras.he_normal, gain: 2}", ["`gain`"]),
    ("{scheme: torch.unifrom}", ["`torch.unifrom`", "`torch.uniform`"]),
  ])
  func `an initialization that does not fit its tensor is refused with exit status 65`(
    initialization: String, facts: [String]
  ) throws {
    let place = try Workplace()
    try place.folder.write(
      "s.yaml",
      "tensors:\n  a: {shape: [3, 2, 2], init: \(initialization)}\n  other: {shape: [4], init: zeros}\n")
    let outcome = try place.run("create s --spec s.yaml --seed 1")
    #expect(outcome.status == 65)
    #expect(outcome.errors.hasPrefix("error: s.yaml:2: tensor `a`: "), "\(outcome.errors)")
    #expect(facts.allSatisfy(outcome.errors.contains), "\(outcome.errors)")
    #expect(try place.folder.contents() == ["s.yaml"])
  }
}
