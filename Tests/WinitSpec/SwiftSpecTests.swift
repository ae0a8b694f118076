import Testing
import WinitCore
import WinitInitializers
import WinitJSON
import WinitSpec

/// The id of the run that a plan and a seed give.
private func id(_ plan: Plan, seed: UInt64) throws -> SHA256Digest {
  let tensors = try plan.tensors.map { tensor in
    let recipe = try Recipe(
      seed: seed, stream: tensor.streamName.stream, dtype: tensor.dtype, shape: tensor.shape, law: tensor.law)
    // Tensors here are smaller than a chunk.
    let digest = SHA256Digest(ofChunks: [SHA256Digest(of: try recipe.bytes(0..<tensor.shape.elementCount))])
    return Manifest.Tensor(
      name: tensor.name, shape: tensor.shape, dtype: tensor.dtype, law: tensor.law,
      stream: tensor.streamName.stream, digest: digest, tiedTo: tensor.tiedTo)
  }
  return Manifest(seed: seed, tensors: tensors).id
}

@Suite struct SwiftSpecTests {
  @Test func `a spec made in Swift gives the laws, the records and the id of the same spec in YAML`() throws {
    let swift = ModelSpec(
      origin: "model", dtype: .bfloat16, layout: .keras,
      tensors: [
        ModelSpec.Tensor("wte.weight", [16, 4], scheme: .normal(std: 0.02)),
        ModelSpec.Tensor("fc.weight", [4, 8], scheme: .heNormal(mode: .fanOut), fans: .layout(.torch)),
        ModelSpec.Tensor(
          "attn.kernel", [4, 2, 3], scheme: .leCunNormal, fans: .axes(.init(input: [0], output: [1, 2]))),
        ModelSpec.Tensor("fc.bias", [8], dtype: .float32, scheme: .zeros),
        ModelSpec.Tensor("step", [], dtype: .int64, scheme: .constant(7)),
        ModelSpec.Tensor("trunc", [4, 4], scheme: try Scheme("torch.trunc_normal", ["std": 0.02])),
        ModelSpec.Tensor("head.weight", [16, 4], sameAs: "wte.weight"),
        ModelSpec.Tensor("auto", [4, 4], scheme: .auto(activation: .tanh)),
      ])
    let yaml = try ModelSpec(
      parsing: """
        dtype: bfloat16
        layout: keras
        tensors:
          wte.weight: {shape: [16, 4], init: {scheme: normal, std: 0.02}}
          fc.weight: {shape: [4, 8], init: {scheme: he_normal, mode: fan_out}, layout: torch}
          attn.kernel: {shape: [4, 2, 3], init: lecun_normal, fans: {in: [0], out: [1, 2]}}
          fc.bias: {shape: [8], dtype: float32, init: zeros}
          step: {shape: [], dtype: int64, init: {scheme: constant, value: 7}}
          trunc: {shape: [4, 4], init: {scheme: torch.trunc_normal, std: 0.02}}
          head.weight: {shape: [16, 4], init: {scheme: same_as, of: wte.weight}}
          auto: {shape: [4, 4], init: {scheme: auto, activation: tanh}}
        """, file: "model.yaml")
    let (mine, theirs) = (try swift.resolve(), try yaml.resolve())
    #expect(mine.tensors.map(\.law) == theirs.tensors.map(\.law))
    #expect(mine.tensors.map(\.record.compact) == theirs.tensors.map(\.record.compact))
    #expect(mine.tensors.map(\.dtype) == theirs.tensors.map(\.dtype))
    #expect(try id(mine, seed: 42) == id(theirs, seed: 42))
    #expect(try id(mine, seed: 42) != id(theirs, seed: 43))
    let single = try swift.resolve(dtype: .float32).tensors.map(\.dtype)
    #expect(try single == yaml.resolve(dtype: .float32).tensors.map(\.dtype))
  }

  @Test func `errors of a spec made in Swift come together, each with the tensor and no line`() {
    let spec = ModelSpec(
      origin: "model", dtype: .int8,
      tensors: [
        ModelSpec.Tensor("a", [-1], scheme: .zeros), ModelSpec.Tensor("b", [2], scheme: .heNormal()),
        ModelSpec.Tensor("c", [2], scheme: .zeros), ModelSpec.Tensor("c", [3], scheme: .zeros),
        ModelSpec.Tensor("", [2], scheme: .zeros), ModelSpec.Tensor("d", [2], sameAs: "e"),
      ])
    let error = #expect(throws: SpecError.self) { try spec.resolve() }
    #expect(error?.diagnostics.map(\.tensor) == [nil, "a", "c", "", "b", "d"])
    #expect(error?.diagnostics.allSatisfy { $0.line == nil && $0.file == "model" } == true)
  }
}
