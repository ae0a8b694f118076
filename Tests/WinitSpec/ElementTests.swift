// Schemes whose elements are functions of their draws and coordinates.

import Testing
import WinitCore
import WinitInitializers
import WinitJSON
import WinitSpec

/// The law of the tensor `w` with an init.
private func law(_ initialization: String, _ shape: String = "[4, 6]") throws -> Law {
  let plan = try plan("tensors:\n  w: {shape: \(shape), init: \(initialization)}")
  return try #require(plan.tensors.first).law
}

/// The elements of the tensor `w` with an init, as binary32.
private func values(_ initialization: String, _ shape: String) throws -> [Float] {
  let tensor = try #require(plan("tensors:\n  w: {shape: \(shape), init: \(initialization)}").tensors.first)
  let recipe = try Recipe(
    seed: 7, stream: tensor.streamName.stream, dtype: .float32, shape: tensor.shape, law: tensor.law)
  return try recipe.bytes(0..<tensor.shape.elementCount).withUnsafeBytes { bytes in
    (0..<tensor.shape.elementCount).map { bytes.load(fromByteOffset: 4 * $0, as: Float.self) }
  }
}

/// Expects numbers that are equal up to the rounding of a library that computes in binary32.
private func expectClose(
  _ found: some Sequence<Float>, _ expected: [Float], sourceLocation: SourceLocation = #_sourceLocation
) {
  let found = Array(found)
  #expect(found.count == expected.count, sourceLocation: sourceLocation)
  for (found, expected) in zip(found, expected) {
    #expect(abs(found - expected) <= 2e-7 + abs(expected) * 4e-7, sourceLocation: sourceLocation)
  }
}

@Suite struct ElementTests {
  @Test(
    arguments: [
      ("{scheme: A_log, low: 0, high: 16}", "{scheme: expression, value: \"log(uniform(0, 4 * 4))\"}"),
      ("A_log", "{scheme: expression, value: \"log(1 + index[1])\"}"),
      ("{scheme: A_log, axis: 0}", "{scheme: expression, value: \"log(1 + index[-2])\"}"),
      (
        "{scheme: log_uniform, low: 0.001, high: 0.1}",
        "{scheme: expression, value: \"min(max(exp(uniform(log(0.001), log(0.1))), 0.001), 0.1)\"}"
      ),
      (
        "{scheme: dt_bias, floor: 0.01}",
        "{scheme: expression, value: \"max(exp(uniform(log(0.001), log(0.1))), 0.01) + log(-expm1(-max(exp(uniform(log(0.001), log(0.1))), 0.01)))\"}"
      ),
      ("{scheme: chrono, t_max: 100}", "{scheme: expression, value: \"log(uniform(1, 99))\"}"),
      ("{scheme: chrono, t_max: 100, gate: input}", "{scheme: expression, value: \"-log(uniform(1, 99))\"}"),
      ("arange", "{scheme: expression, value: \"index[1]\"}"),
      ("{scheme: arange, start: 1, step: 2, axis: 0}", "{scheme: expression, value: \"index[0] * 2 + 1\"}"),
      ("{scheme: linspace, start: 1, stop: 2}", "{scheme: expression, value: \"index[1] * 0.2 + 1\"}"),
      ("inv_freq", "{scheme: expression, value: \"1 / pow(10000, index[1] * 2 / (2 * dim[1]))\"}"),
      ("{scheme: expression, value: 0.5}", "{scheme: constant, value: 0.5}"),
      ("{scheme: expression, value: sqrt(fan_in) - 2}", "{scheme: constant, value: sqrt(6) - 2}"),
      ("{scheme: expression, value: \"normal(0, 0.02)\"}", "{scheme: normal, std: 0.02}"),
      ("{scheme: expression, value: \"truncated_normal(0, 1, -2, 2)\"}", "{scheme: truncated_normal, std: 1}"),
    ])
  func `schemes that come to the same tree are the same law`(scheme: String, other: String) throws {
    #expect(try law(scheme) == law(other))
  }

  @Test func `an expression has the values and the captures of the spec, and the run records their numbers`() throws {
    let plan = try plan(
      """
      values: {layers: 12}
      tensors: {h.3.w: [4], h.5.w: [4]}
      rules: [{match: "h.{i}.w", init: {scheme: expression, value: "uniform(0, 1) * (i + layers / fan_in)"}, fans: {in: [0], out: []}}]
      """)
    #expect(
      plan.tensors.map(\.law)
        == [6, 8].map {
          .expression(
            draw: .uniform(half: 0.5, mid: 0.5, low: 0, high: 1), tree: .binary(.multiply, .draw, .number($0)))
        })
    #expect(plan.tensors[0].record["names"]?.compact == #"{"i":3,"layers":12}"#)
  }

  // transformers 5.24 with torch 2.13 on a CPU: positions 5 and 13 of [16, 8]. DistilBERT's
  // create_sinusoidal_embeddings, MarianSinusoidalPositionalEmbedding, and Whisper's sinusoids.
  @Test func `sinusoids are DistilBERT's, Marian's or Whisper's`() throws {
    let interleaved = try values("sinusoidal", "[16, 8]")
    expectClose(
      interleaved[40..<48],
      [-0.9589243, 0.2836622, 0.47942555, 0.87758255, 0.04997917, 0.99875027, 0.0049999794, 0.9999875])
    expectClose(
      interleaved[104..<112],
      [0.42016703, 0.9074468, 0.9635582, 0.26749882, 0.12963414, 0.9915619, 0.012999634, 0.9999155])
    let halves = try values("{scheme: sinusoidal, order: halves}", "[16, 8]")
    expectClose(
      halves[40..<48],
      [-0.9589243, 0.47942555, 0.04997917, 0.0049999794, 0.2836622, 0.87758255, 0.99875027, 0.9999875])
    expectClose(
      halves[104..<112],
      [0.42016703, 0.9635582, 0.12963414, 0.012999634, 0.9074468, 0.26749882, 0.9915619, 0.9999155])
    let whisper = try values("{scheme: sinusoidal, order: halves, endpoint: true}", "[16, 8]")
    expectClose(
      whisper[40..<48],
      [-0.9589243, 0.23000173, 0.010771966, 0.00049999997, 0.2836622, 0.97319025, 0.999942, 0.9999999])
    expectClose(
      whisper[104..<112],
      [0.42016703, 0.56745076, 0.02800399, 0.0013, 0.9074468, 0.8234073, 0.9996078, 0.99999917])
    // Each row is that of its position, with axes before the positions and in a box, which counts from its start.
    #expect(try values("sinusoidal", "[1, 16, 8]") == interleaved)
    let box = try values(
      "{scheme: parts, base: zeros, parts: [{box: [[2, 18]], init: sinusoidal}]}", "[18, 8]")
    #expect(Array(box.dropFirst(16)) == interleaved)
  }

  // transformers 5.24's build_alibi_tensor, position 1, which is get_slopes of the paper's code.
  @Test func `the slopes of ALiBi are the paper's, also for 12 heads`() throws {
    expectClose(
      try values("alibi", "[8, 1, 1]"), [0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625, 0.0078125, 0.00390625])
    expectClose(
      try values("alibi", "[12]"),
      [
        0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625, 0.0078125, 0.00390625, 0.70710677, 0.35355338, 0.17677668,
        0.088388346,
      ])
  }

  // transformers 5.24: the inv_freq of LlamaRotaryEmbedding with 16 dimensions per head, MambaMixer's A_log, and
  // torch.linspace(-3, 1, 7).
  @Test func `rotary frequencies, Mamba's A_log and linspace are those of the libraries`() throws {
    expectClose(
      try values("inv_freq", "[8]"),
      [1, 0.31622776, 0.1, 0.03162278, 0.01, 0.0031622779, 0.001, 0.00031622779])
    expectClose(try values("{scheme: inv_freq, dim: 64}", "[2]"), [1, 0.7498942])
    expectClose(
      try values("A_log", "[2, 6]")[6...], [0, 0.6931472, 1.0986123, 1.3862944, 1.6094379, 1.7917595])
    expectClose(
      try values("{scheme: linspace, start: -3, stop: 1}", "[7]"),
      [-3, -2.3333333, -1.6666667, -1, -0.33333337, 0.33333331, 1])
    #expect(try values("{scheme: linspace, start: -3, stop: 0.1}", "[7]").last == 0.1)
    #expect(try values("{scheme: linspace, start: -3, stop: 0.1}", "[1]") == [-3])
  }

  @Test func `the time steps of Mamba are between their bounds after softplus`() throws {
    for value in try values("dt_bias", "[500]") {
      let dt = LawFunctions.log1p(LawFunctions.exp(Double(value)))
      #expect((0.0009999...0.1000001).contains(dt))
    }
    // Above the floor, and at it, where a tenth of the range lies below.
    let floored = try values("{scheme: dt_bias, floor: 0.01}", "[500]")
    #expect(floored.min() == Float(LawFunctions.log(LawFunctions.expm1(0.01))))
    #expect((200...300).contains(floored.count { $0 == floored.min() }))
  }

  @Test func `with one stream, the input gate of chrono is the negative of the forget gate`() throws {
    let bias = try values(
      """
      {scheme: parts, base: zeros, parts: [
          {box: [["dim[0] / 4", "dim[0] / 2"]], init: {scheme: chrono, t_max: 100}, stream: gates},
          {box: [[0, "dim[0] / 4"]], init: {scheme: chrono, t_max: 100, gate: input}, stream: gates}]}
      """, "[64]")
    #expect(bias[..<16].map { -$0 } == Array(bias[16..<32]))
    // log(99) is 4.595.
    #expect(bias[16..<32].allSatisfy { (0.0...4.596).contains($0) } && bias[16] != bias[17])
  }

  @Test func `std −1 is the negative of std 1 with the same stream, for normal and truncated normal`() throws {
    for scheme in ["normal", "truncated_normal"] {
      let values = try values(
        """
        {scheme: parts, base: zeros, parts: [
            {box: [[0, 4]], init: {scheme: \(scheme), std: 1}, stream: w},
            {box: [[4, 8]], init: {scheme: \(scheme), std: -1}, stream: w}]}
        """, "[8, 4]")
      #expect(values[..<16].map { -$0 } == Array(values[16...]))
      #expect(Set(values).count == 32)
    }
  }

  @Test(arguments: [
    ("{scheme: log_uniform, low: 0, high: 16}", "numberOutOfRange"),
    ("{scheme: log_uniform, low: 2, high: 1}", "invalidLaw"), ("{scheme: log_uniform, low: 1}", "missingParameter"),
    ("{scheme: A_log, low: 1}", "conflictingParameters"), ("{scheme: A_log, low: -1, high: 1}", "numberOutOfRange"),
    ("{scheme: A_log, axis: 0, low: 1, high: 2}", "conflictingParameters"),
    ("{scheme: A_log, axis: 2}", "numberOutOfRange"), ("{scheme: chrono, t_max: 2}", "invalidLaw"),
    ("{scheme: chrono, t_max: 9, gate: output}", "unknownWord"), ("{scheme: dt_bias, floor: 0}", "numberOutOfRange"),
    ("{scheme: sinusoidal, order: half}", "unknownWord"), ("{scheme: sinusoidal, endpoint: 1}", "unknownWord"),
    ("{scheme: inv_freq, theta: 0}", "numberOutOfRange"), ("{scheme: expression}", "missingParameter"),
    ("{scheme: expression, value: 1 +}", "badExpression"), ("{scheme: expression, value: foo}", "noValue"),
    ("{scheme: expression, value: \"index[2]\"}", "noValue"), ("{scheme: expression, value: log(0)}", "noValue"),
    ("{scheme: expression, value: \"uniform(0, 1) * normal(0, 1)\"}", "noValue"),
    ("{scheme: normal, std: \"uniform(0, 1)\"}", "noValue"), ("{scheme: normal, std: \"log(-1)\"}", "noValue"),
    ("{scheme: sparse, sparsity: 0.5, std: -1}", "invalidLaw"), ("{scheme: torch.normal, std: -1}", "invalidLaw"),
  ])
  func `a wrong expression or parameter is an error at its line`(initialization: String, expected: String) throws {
    #expect(try problems("tensors:\n  w: {shape: [4, 6], init: \(initialization)}") == ["2 w \(expected)"])
  }

  @Test func `the error of a function names the parameter, the text and the domain`() throws {
    let error = #expect(throws: SpecError.self) {
      try plan("tensors: {w: {shape: [4], init: {scheme: normal, std: log(1 - 2)}}}")
    }
    #expect(
      error?.diagnostics.first?.message
        == "std is `log(1 - 2)`: log(-1) has no value; it needs a number above 0")
  }

  @Test func `an integer tensor takes an expression without draw and coordinates`() throws {
    #expect(
      try plan("tensors: {n: {shape: [], dtype: int64, init: {scheme: expression, value: \"pow(2, 10)\"}}}").tensors[0]
        .law
        == .constant(value: 1024))
    #expect(
      try problems("tensors: {n: {shape: [3], dtype: int64, init: arange}}") == ["1 n invalidLaw"])
  }
}
