// Specs that are built in Swift.

import Testing
import WinitRegistry
import WinitTestSupport

/// A scheme in Swift, and the same scheme in YAML.
private let schemes: [(Scheme, String)] = [
  (.zeros, "zeros"), (.ones, "ones"), (.constant(0.5), "{scheme: constant, value: 0.5}"),
  (.normal(std: 0.02), "{scheme: normal, std: 0.02}"),
  (.normal(mean: 1, std: 0.5), "{scheme: normal, mean: 1, std: 0.5}"),
  (.uniform(low: -0.5, high: 0.25), "{scheme: uniform, low: -0.5, high: 0.25}"),
  (.truncatedNormal(std: 0.02), "{scheme: truncated_normal, std: 0.02}"),
  (
    .truncatedNormal(mean: 1, std: 0.5, low: -3, high: 1),
    "{scheme: truncated_normal, mean: 1, std: 0.5, low: -3, high: 1}"
  ),
  (.xavierUniform(), "xavier_uniform"), (.xavierNormal(gain: 2), "{scheme: xavier_normal, gain: 2}"),
  (.heUniform(), "he_uniform"), (.heNormal(), "he_normal"), (.leCunNormal, "lecun_normal"),
  (.orthogonal(), "orthogonal"), (.orthogonal(gain: 2), "{scheme: orthogonal, gain: 2}"),
]

@Suite struct SwiftSpecTests {
  @Test func `a spec built in Swift gives the id and the recorded schemes of the same spec in YAML`() throws {
    let fixture = try Fixture()
    let swift = ModelSpec(
      tensors: schemes.enumerated().map { .init("t\($0).weight", [8, 4], scheme: $1.0) } + [
        .init("steps", [], dtype: .int64, scheme: .constant(7)),
        .init("trunc", [4, 4], dtype: .float32, scheme: try Scheme("torch.trunc_normal", ["std": 0.02])),
        .init("fan", [4, 8], scheme: try Scheme("he_normal", words: ["mode": "fan_out"])),
      ], dtype: .bfloat16)
    let yaml = """
      dtype: bfloat16
      tensors:
      \(schemes.enumerated().map { "  t\($0).weight: {shape: [8, 4], init: \($1.1)}" }.joined(separator: "\n"))
        steps: {shape: [], dtype: int64, init: {scheme: constant, value: 7}}
        trunc: {shape: [4, 4], dtype: float32, init: {scheme: torch.trunc_normal, std: 0.02}}
        fan: {shape: [4, 8], init: {scheme: he_normal, mode: fan_out}}
      """
    let built = try fixture.registry.create("swift", spec: swift, seed: 42).run
    let parsed = try fixture.create("yaml", yaml, seed: 42)
    #expect(built.id == parsed.id)
    let registry = fixture.registry
    #expect(try registry.tensors(of: built).map(\.scheme) == registry.tensors(of: parsed).map(\.scheme))
    #expect(try registry.create("swift", spec: swift, seed: 43).run.id != parsed.id)
  }

  @Test func `problems of a spec built in Swift are errors of the create, which creates nothing`() throws {
    let fixture = try Fixture()
    for spec in [
      ModelSpec(tensors: []), ModelSpec(tensors: [.init("w", [-1], scheme: .zeros)]),
      ModelSpec(tensors: [.init("w", [2], scheme: .zeros)], dtype: .int8),
      ModelSpec(tensors: [.init("w", [2], scheme: .heNormal())]),
      ModelSpec(tensors: [.init("w", [2], scheme: .zeros), .init("w", [2], scheme: .ones)]),
    ] {
      expectError(.invalidSpec) { try fixture.registry.create("m", spec: spec, seed: 1) }
    }
    #expect(try fixture.folder.contents() == [])
    expectError(.invalidSpec) { try Scheme("he_norml") }
    expectError(.invalidSpec) { try Scheme("normal", ["sdt": 1]) }
  }
}
