// Initializations of current models, in the spelling of a spec, against NumPy.

import Foundation
import Testing
import WinitJSON
import WinitTestSupport

/// What Mamba, gated DeltaNet, RecurrentGemma, LSTMs, mixtures of experts and weight normalization need.
private let models = """
  tensors:
    mamba.dt_bias: [128]
    mamba.A_log: [4, 16]
    gdn.A_log: [8]
    rglru.param: {shape: [256], dtype: bfloat16}
    lstm.bias_f: [64]
    lstm.weight_hh_l0: [256, 64]
    experts.w1: [4, 48, 64]
    experts.w2: {shape: [4, 48, 64], dtype: float16}
    experts.w3: [12, 8]
    sn.weight_u: [16]
    crelu.weight: [8, 4]
    irnn.weight_hh_l0: [8, 4]
    wn.v: [6, 3, 5]
    wn.g: [6, 1, 1]
    wn.alone: {shape: [6], init: {scheme: norm_of, of: wn.v, axes: [1, 2]}, seed: 3}
    delta: {shape: [8, 4, 3, 3], init: delta_orthogonal}
    dirac: {shape: [3, 2, 4], layout: keras, init: {scheme: dirac, groups: 2}}
    icnr: {shape: [12, 2, 3]}
    pe: [512, 64]
    positions: [16, 8]
    slopes: [12]
    inv_freq: [32]
    decay: [5]
    boxes: {shape: [4, 9], dtype: float64}
    head: {shape: [8], init: {scheme: same_as, of: gdn.A_log}}
  rules:
    - {match: mamba.dt_bias, init: dt_bias}
    - {match: mamba.A_log, init: A_log}
    - {match: gdn.A_log, init: {scheme: expression, value: "log(uniform(0, 16))"}, seed: 18446744073709551615}
    - {match: rglru.param, init: {scheme: expression, value: "log(exp(-(log(uniform(0.9 * 0.9 + 1e-8, 0.999 * 0.999 + 1e-8)) * 0.5)) - 1)"}}
    - {match: lstm.bias_f, init: {scheme: expression, value: "log(uniform(1, 99))"}}
    - {match: lstm.weight_hh_l0, init: {scheme: parts, base: zeros, parts: [{box: [[0, 64]], init: orthogonal, repeat: {axis: 0, stream: "gate.{n}"}}]}}
    - {match: experts.w1, init: orthogonal, fans: {out: [1], in: [2], batch: [0]}}
    - {match: experts.w2, init: {scheme: sparse, sparsity: 0.3}, fans: {batch: [0]}}
    - {match: "{p}.w3", init: {scheme: parts, base: zeros, parts: [{box: [[0, 4]], init: xavier_uniform, repeat: {axis: 0, stream: "{p}.{n}.w3"}}]}}
    - {match: sn.weight_u, init: {scheme: orthogonal, gain: sqrt(2)}}
    - {match: crelu.weight, init: {scheme: parts, base: {scheme: normal, std: 1}, parts: [{box: [[0, 4]], init: {scheme: normal, std: 1}, stream: w}, {box: [[4, 8]], init: {scheme: normal, std: -1}, stream: w}]}}
    - {match: irnn.weight_hh_l0, init: {scheme: parts, base: zeros, parts: [{box: [[0, 4]], init: eye}]}}
    - {match: wn.v, init: {scheme: normal, std: 0.5}}
    - {match: "{p}.g", init: {scheme: norm_of, of: "{p}.v", axes: [1, -1]}}
    - {match: icnr, init: {scheme: parts, base: zeros, parts: [{box: [[0, 1]], init: he_normal, repeat: {axis: 0, step: 2, stream: "i.{n}"}}, {box: [[1, 2]], init: he_normal, repeat: {axis: 0, step: 2, stream: "i.{n}"}}]}}
    - {match: pe, init: sinusoidal}
    - {match: positions, init: {scheme: sinusoidal, order: halves, endpoint: true}}
    - {match: slopes, init: alibi}
    - {match: inv_freq, init: inv_freq}
    - {match: decay, init: {scheme: linspace, start: -6, stop: -1}}
    - {match: boxes, init: {scheme: parts, base: {scheme: expression, value: "index[0] * 10 + index[1]"}, parts: [{box: [[1, 3], [2, 5]], init: {scheme: expression, value: "normal(0, 1) * (1 + index[1])"}}, {box: [[3, 4]], init: {scheme: log_uniform, low: 0.5, high: 2}, stream: s}]}}
  """

/// A grown vocabulary, and experts that a checkpoint holds apart.
private let grown = """
  like: old.safetensors
  tensors: {wte.weight: [24, 8], copy: [20, 8], wte2.weight: [24, 8], fused: [2, 2, 8]}
  rules:
    - {match: wte.weight, init: {scheme: parts, base: {scheme: normal, std: 0.02}, parts: [{box: [[0, 20]], init: {scheme: literal, from: like}}]}}
    - {match: copy, init: {scheme: literal, from: like, of: wte.weight}}
    - match: wte2.weight
      init:
        scheme: parts
        base: {scheme: normal, std: 0.02}
        parts: [{box: [[0, 20]], init: {scheme: literal, from: like, of: wte.weight}}, {box: [[1, 2]], init: zeros}]
    - {match: fused, init: {scheme: parts, base: zeros, parts: [{box: [[0, 1]], init: {scheme: literal, from: like, of: "tok.{n}"}, repeat: {axis: 0}}]}}
    - {match: "*", init: {scheme: literal, from: like}}
  """

@Suite(.enabled(if: Python.isAvailable, "needs Python with numpy and safetensors")) struct ModelLawTests {
  /// Creates a run and compares its tensors, its manifest and its ids with those that NumPy computes.
  private func check(_ spec: String, tensors: Int, options: String, in place: Workplace) throws {
    try place.folder.write("s.yaml", spec)
    try place.succeed("create s --spec s.yaml --seed 5 \(options)")
    try place.succeed("get s -o s.safetensors")
    try place.folder.write("show.json", place.succeed("show s --json").output)
    try place.folder.write("manifest", place.succeed("show s --manifest").output)
    for (arguments, printed) in [
      (["safetensors", "s.safetensors", "show.json"], "\(tensors) tensors read, \(tensors) computed and equal"),
      (["id", "show.json", "manifest"], "sha256:"),
    ] {
      let check = try Python.run("export", arguments, in: place.folder)
      #expect(check.status == 0, "\(check.output)\(check.errors)")
      #expect(check.output.hasPrefix(printed))
    }
    #expect(try place.run("verify s").status == 0)
  }

  @Test(arguments: ["", "--recipe-only"])
  func `the initializations of current models have the values that NumPy computes, stored or not`(options: String)
    throws
  {
    try check(models, tensors: 25, options: options, in: try Workplace())
  }

  @Test(arguments: ["", "--recipe-only"])
  func `a grown vocabulary keeps its old rows and draws the new ones, stored or not`(options: String) throws {
    let place = try Workplace()
    func numbers(_ count: Int, from first: Int) -> [UInt8] {
      (0..<count).flatMap { index in withUnsafeBytes(of: Float(first + index).bitPattern.littleEndian) { Array($0) } }
    }
    try writeSafetensors(
      place.folder.path("old.safetensors"),
      [
        ("wte.weight", [20, 8], numbers(160, from: 0)), ("tok.0", [2, 8], numbers(16, from: 500)),
        ("tok.1", [2, 8], numbers(16, from: 600)),
      ])
    try check(grown, tensors: 6, options: options, in: place)
    /// The numbers of a tensor in the file, read without the code under test.
    func values(_ name: String) throws -> [Float] {
      let data = [UInt8](try Data(contentsOf: URL(filePath: place.folder.path("s.safetensors"))))
      let length = (0..<8).reduce(0) { $0 | Int(data[$1]) << (8 * $1) }
      let header = try JSONSerialization.jsonObject(with: Data(data[8..<8 + length])) as? [String: [String: Any]]
      let offsets = try #require(header?[name]?["data_offsets"] as? [Int])
      let bytes = Array(data[(8 + length + offsets[0])..<(8 + length + offsets[1])])
      return bytes.withUnsafeBytes { b in (0..<b.count / 4).map { b.load(fromByteOffset: 4 * $0, as: Float.self) } }
    }
    let (old, copy) = (try values("wte.weight"), try values("copy"))
    #expect(Array(old.prefix(160)) == (0..<160).map { Float($0) } && Array(old.prefix(160)) == copy)
    #expect(old.dropFirst(160).allSatisfy { $0 != 0 && abs($0) < 0.13 })
    #expect(try values("wte2.weight")[8..<16].allSatisfy { $0 == 0 })
    #expect(try values("fused") == ((500..<516).map { Float($0) } + (600..<616).map { Float($0) }))
  }
}
