import Foundation
import Testing
import WinitJSON
import WinitTestSupport

/// Boxes with laws and streams of their own, identities, given numbers, ties; tensors of several chunks among them.
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
    "boxes, identities, literals and ties hold what NumPy computes, stored or not",
    .enabled(if: Python.isAvailable, "needs Python with numpy and safetensors"),
    arguments: ["", "--recipe-only"])
  func peers(options: String) throws {
    let place = try place(options)
    try place.succeed("get s -o s.safetensors")
    try place.folder.write("show.json", place.succeed("show s --json").output)
    try place.folder.write("manifest", place.succeed("show s --manifest").output)
    for (arguments, printed) in [
      (["safetensors", "s.safetensors", "show.json"], "20 tensors read, 20 computed and equal"),
      (["id", "show.json", "manifest"], "sha256:"),
    ] {
      let check = try Python.run("check_export.py", arguments, in: place.folder)
      #expect(check.status == 0, "\(check.output)\(check.errors)")
      #expect(check.output.hasPrefix(printed))
    }
    #expect(try place.run("verify s").status == 0)
    #expect(try place.run("verify s --against s.safetensors").status == 0)
  }

  @Test("kernels and threads give the same structured bits", arguments: ["scalar", "sse2", "avx2"])
  func kernels(kernel: String) throws {
    let place = try place("--recipe-only")
    let first = try place.json("show s")["id"]
    let again = try place.run(
      "create s --spec s.yaml --seed 5 --recipe-only --threads 3", environment: ["WINIT_KERNEL": kernel])
    #if arch(x86_64)
      #expect(again.status == 0, "\(again.errors)")
      #expect(try place.json("show s:v2")["id"]?.stringValue == first?.stringValue)
    #endif
  }

  @Test(
    "every random scheme draws its published distribution",
    .enabled(if: Python.isAvailable, "needs Python with numpy and safetensors"))
  func distributions() throws {
    let place = try Workplace()
    let spec = try Python.run("check_distributions.py", ["spec", "d.yaml"], in: place.folder)
    #expect(spec.status == 0, "\(spec.errors)")
    try place.succeed("create d --spec d.yaml --seed 3 --recipe-only")
    try place.succeed("get d -o d.safetensors")
    let check = try Python.run("check_distributions.py", ["check", "d.safetensors"], in: place.folder)
    #expect(check.status == 0, "\(check.output)\(check.errors)")
    #expect(check.output.hasPrefix("37 distributions as published"))
  }

  @Test("a slice of a recipe's orthogonal tensor is the whole's, and costs a note")
  func orthogonalSlice() throws {
    let place = try place("--recipe-only")
    try place.succeed("get s --tensor ortho.tall -o whole.raw")
    let slice = try place.run("get s --tensor ortho.tall --slice 100:102 -o slice.raw")
    #expect(slice.status == 0 && slice.errors.contains("no slice of tensor `ortho.tall` (orthogonal)"))
    let row = 140 * 4
    #expect(
      try place.folder.bytes("slice.raw") == Array(place.folder.bytes("whole.raw")[100 * row..<102 * row]))
    #expect(try place.run("get s --tensor emb --slice 0:1 -o emb.raw").errors.isEmpty)
  }

  @Test("expressions are recorded as text and as numbers")
  func expressions() throws {
    let place = try place("--recipe-only")
    let tensors = try place.json("show s")["tensors"]?.arrayValue ?? []
    let w = try #require(tensors.first { $0["name"]?.stringValue == "h.1.w" })
    // 0.02 / sqrt(2 * 2 * 2) in binary64 (Python), and that as binary32 (NumPy).
    #expect(w["init"]?["std"]?.numberValue == 0.0070710678118654745)
    #expect(w["init"]?["expressions"]?["std"]?.stringValue == "0.02 / sqrt(2 * layers * (i + 1)) + width * 0")
    #expect(w["law"]?["std"]?.numberValue == 0.007071067579090595)
  }

  @Test("ties can be left out of a file; the rest is all there")
  func untied() throws {
    let place = try place()
    try place.succeed("get s --no-tied -o s.safetensors")
    let verified = try place.json("show s")["tensors"]?.arrayValue?.count
    #expect(verified == 20)
    let against = try place.run("verify s --against s.safetensors")
    #expect(against.status == 1)
    #expect(against.output.contains("`head`") && against.output.contains("`mask.again`"))
    #expect(!against.output.contains("`emb`"))
  }

  @Test("literals of like, and a preset with ties and a zero row, follow a checkpoint")
  func presets() throws {
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
    // The ids are given, not drawn.
    #expect(try place.run("show b").output.contains("  recipe and digests, and the bytes of 1 literal"))
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

  @Test(
    "what makes no sense is refused, with its place",
    arguments: [
      ("{scheme: eye}", "eye needs rank 2"), ("{scheme: same_as, of: nobody}", "is no tensor of the run"),
      ("{scheme: same_as, of: a}", "cannot have its own values"),
      ("{scheme: same_as, of: other}", "whose values it has"),
      ("{scheme: dirac, groups: 2}", "groups (here 2) that divide"),
      ("{scheme: dirac, groups: 0.5}", "not a whole number"),
      ("{scheme: sparse, sparsity: 1.5}", "it is a share"),
      ("{scheme: sparse, sparsity: 0.5}", "sparse needs rank 2"),
      ("{scheme: sparse}", "needs sparsity"), ("{scheme: orthogonal, gain: -1}", "must be above 0"),
      ("{scheme: delta_orthogonal}", "defined for keras's layout"),
      ("he_normal, layout: keras, fans: {in: [0], out: [1]}", "give one of them"),
      ("{scheme: literal, values: [1, 2]}", "the literal 2 values"),
      ("{scheme: literal, from: like}", "does not hold it"),
      ("{scheme: parts, base: zeros, parts: [{box: [[2, 9]], init: ones}]}", "does not lie in"),
      ("{scheme: parts, base: zeros, parts: [{box: [[0, 1]], init: {scheme: eye}}]}", "eye needs rank 2"),
      ("{scheme: normal, std: 1 / layers}", "there is no value `layers`"),
      ("{scheme: normal, std: 'sqrt(-dim[0])'}", "sqrt of -3 is no number"),
      ("{scheme: uniform, fan_of: nobody}", "takes the fans of `nobody`"),
      ("{scheme: torch.trunc_normal, a: 2, b: -2}", "low must be below high"),
      ("{scheme: torch.trunc_normal, a: 90, b: 91}", "far tail"),
      ("{scheme: jax.variance_scaling}", "needs scale"),
      ("{scheme: keras.he_normal, gain: 2}", "has no parameter `gain`"),
      ("{scheme: torch.unifrom}", "did you mean `torch.uniform`"),
    ])
  func refused(initialization: String, message: String) throws {
    let place = try Workplace()
    try place.folder.write(
      "s.yaml",
      "tensors:\n  a: {shape: [3, 2, 2], init: \(initialization)}\n  other: {shape: [4], init: zeros}\n")
    let outcome = try place.run("create s --spec s.yaml --seed 1")
    #expect(outcome.status == 65)
    #expect(outcome.errors.contains(message), "\(outcome.errors)")
    #expect(try place.folder.contents() == ["s.yaml"])
  }
}
