import Testing
import WinitCore
import WinitInitializers
import WinitJSON
import WinitSpec
import WinitTestSupport

@Suite struct SchemeVectorTests {
  @Test
  func `every scheme, alias and parameter resolves to the law and the record of version 0.1.0, byte for byte`() throws {
    let spec = try ModelSpec(parsing: VectorFile.text("schemes.yaml"), file: "schemes.yaml")
    let found = try spec.resolve().tensors.map { "\($0.name)\t\($0.record.compact)\t\($0.law.json.compact)" }
    let expected = try VectorFile.text("schemes.txt").split(separator: "\n").filter { !$0.hasPrefix("#") }
    #expect(found.count == expected.count && found.count > 1000)
    for (found, expected) in zip(found, expected) { #expect(found == expected) }
  }

  @Test func `what version 0.1.0 refused is refused, each tensor once, at its line`() throws {
    let text = try VectorFile.text("schemes-refused.yaml")
    let error = #expect(throws: SpecError.self) {
      try ModelSpec(parsing: text, file: "schemes-refused.yaml").resolve()
    }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().filter {
      $0.element.contains("init: ")
    }
    #expect(lines.count > 500)
    #expect(error?.diagnostics.map(\.line) == lines.map { $0.offset + 1 })
  }

  @Test func `a recorded scheme reads back as what gives the same record and the same law`() throws {
    let spec = try ModelSpec(parsing: VectorFile.text("schemes.yaml"), file: "schemes.yaml")
    for tensor in try spec.resolve().tensors {
      let scheme = try scheme(of: tensor.record)
      let fans = try #require(FanSource(json: tensor.record))
      #expect(try scheme.resolve(shape: tensor.shape, dtype: tensor.dtype, fans: fans).law == tensor.law)
      let members = scheme.json.objectValue ?? []
      #expect(tensor.record.compact.hasPrefix(JSONValue.object(members).compact.dropLast()))
    }
  }

  @Test(
    arguments: [
      (.zeros, "zeros"), (.ones, "ones"), (.constant(0.5), "{scheme: constant, value: 0.5}"),
      (.constant(-3), "{scheme: constant, value: -3}"), (.normal(), "normal"),
      (.normal(std: 0.02), "{scheme: normal, std: 0.02}"),
      (.normal(mean: -1, std: 0.02), "{scheme: normal, mean: -1, std: 2e-2}"), (.uniform(), "uniform"),
      (.uniform(low: -0.1, high: 0.1), "{scheme: uniform, low: -0.1, high: 0.1}"),
      (.truncatedNormal(), "truncated_normal"),
      (
        .truncatedNormal(mean: 1, std: 0.5, low: -1, high: 3),
        "{scheme: truncated_normal, mean: 1, std: 0.5, low: -1, high: 3}"
      ),
      (.xavierUniform(), "xavier_uniform"), (.xavierUniform(gain: 2), "{scheme: xavier_uniform, gain: 2}"),
      (.xavierUniform(activation: .tanh), "{scheme: xavier_uniform, activation: tanh}"),
      (.xavierNormal(), "xavier_normal"), (.xavierNormal(gain: 0.5), "{scheme: xavier_normal, gain: 0.5}"),
      (.xavierNormal(activation: .sigmoid), "{scheme: xavier_normal, activation: sigmoid}"),
      (.heUniform(), "he_uniform"), (.heUniform(mode: .fanAvg), "{scheme: he_uniform, mode: fan_avg}"),
      (.heNormal(), "he_normal"), (.heNormal(mode: .fanOut), "{scheme: he_normal, mode: fan_out}"),
      (
        .heNormal(mode: .fanOut, activation: .leakyReLU(slope: 0.2)),
        "{scheme: he_normal, mode: fan_out, activation: leaky_relu, slope: 0.2}"
      ),
      (.heNormal(activation: .linear), "{scheme: he_normal, activation: linear}"),
      (.heUniform(activation: .softmax), "{scheme: he_uniform, activation: softmax}"),
      (.leCunUniform, "lecun_uniform"), (.leCunNormal, "lecun_normal"), (.varianceScaling(), "variance_scaling"),
      (
        .varianceScaling(scale: 2, mode: .fanGeometricAvg, distribution: .truncatedNormal),
        "{scheme: variance_scaling, scale: 2, mode: fan_geo_avg, distribution: truncated_normal}"
      ),
      (.orthogonal(), "orthogonal"), (.orthogonal(gain: 1.5), "{scheme: orthogonal, gain: 1.5}"),
      (.sparse(sparsity: 0.5), "{scheme: sparse, sparsity: 0.5}"),
      (.sparse(sparsity: 0.5, std: 2), "{scheme: sparse, sparsity: 0.5, std: 2}"), (.eye(), "eye"),
      (.eye(gain: 3), "{scheme: eye, gain: 3}"),
      (.auto(activation: .relu), "{scheme: auto, activation: relu}"),
      (.auto(activation: .selu, mode: .fanOut), "{scheme: auto, activation: selu, mode: fan_out}"),
      (.auto(activation: "gelu", mode: .fanAvg), "{scheme: auto, activation: gelu, mode: fan_avg}"),
    ] as [(Scheme, String)])
  func `a scheme made in Swift is the scheme that a spec's text gives`(scheme: Scheme, text: String) throws {
    try expectSame(scheme, text, "[6, 4]")
  }

  @Test func `so are the schemes of convolutions and of integer and boolean tensors`() throws {
    try expectSame(.dirac(), "dirac", "[4, 2, 3]")
    try expectSame(.dirac(groups: 2), "{scheme: dirac, groups: 2}", "[4, 2, 3]")
    try expectSame(.deltaOrthogonal(), "delta_orthogonal", "[3, 2, 4], layout: keras")
    try expectSame(.deltaOrthogonal(gain: 2), "{scheme: delta_orthogonal, gain: 2}", "[3, 2, 4], layout: keras")
    try expectSame(.constant(1 << 53), "{scheme: constant, value: 9007199254740992}", "[2], dtype: int64")
    try expectSame(.constant(true), "{scheme: constant, value: true}", "[2], dtype: bool")
  }

  /// Expects that a spec's text gives the same scheme, record and law.
  private func expectSame(_ scheme: Scheme, _ text: String, _ shape: String) throws {
    let plan = try ModelSpec(parsing: "tensors: {w: {shape: \(shape), init: \(text)}}", file: "m.yaml").resolve()
    let tensor = try #require(plan.tensors.first)
    #expect(try self.scheme(of: tensor.record) == scheme)
    let fans = try #require(FanSource(json: tensor.record))
    #expect(try scheme.resolve(shape: tensor.shape, dtype: tensor.dtype, fans: fans).law == tensor.law)
  }

  /// The scheme in a tensor's record, without its fans and what `auto` adds.
  private func scheme(of record: JSONValue) throws -> Scheme {
    let members = (record.objectValue ?? []).filter {
      !FanSource.keys.contains($0.key) && !["picked", "because"].contains($0.key)
    }
    return try Scheme(json: .object(members))
  }
}
