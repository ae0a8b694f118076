// Planted faults: each is found, and nothing else.

import Testing
import WinitCore

import WinitDiagnosis

/// A fault and what must be found of it.
struct Plant: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let expected: String
  let apply: @Sendable (inout TestTensor, TestModel) -> Void
}

private let plants: [Plant] = [
  Plant(testDescription: "a weight of zeros", expected: "warning all-zero-weights") { tensor, _ in tensor.scale(0) },
  Plant(testDescription: "a constant weight", expected: "warning constant-weights") { tensor, _ in
    tensor = .constant(tensor.name, tensor.dims, 0.02)
  },
  Plant(testDescription: "a copied output", expected: "warning identical-neurons") { tensor, _ in
    tensor.copyOutput(3, to: 7)
  },
  Plant(testDescription: "all outputs equal", expected: "error identical-neurons") { tensor, _ in
    for output in 1..<tensor.outputs { tensor.copyOutput(0, to: output) }
  },
  Plant(testDescription: "a NaN", expected: "error non-finite") { tensor, _ in tensor.elements[11] = .nan },
  Plant(testDescription: "an infinity", expected: "error non-finite") { tensor, _ in tensor.elements[0] = -.infinity },
  Plant(testDescription: "10 times the std", expected: "warning odd-one-out") { tensor, _ in tensor.scale(10) },
  Plant(testDescription: "twice the std", expected: "warning odd-one-out") { tensor, _ in tensor.scale(2) },
  Plant(testDescription: "1.2 times the std", expected: "warning odd-one-out") { tensor, _ in tensor.scale(1.2) },
  Plant(testDescription: "Xavier among He", expected: "warning odd-one-out") { tensor, _ in
    tensor.scale(Float(0.5.squareRoot()))
  },
  Plant(testDescription: "U[0, 1)", expected: "warning nonzero-mean") { tensor, _ in
    let (layout, name) = (tensor.layout, tensor.name)
    tensor = .uniform(name, tensor.dims, 0, 1)
    tensor.layout = layout
  },
  Plant(testDescription: "a cloned layer", expected: "warning identical-tensors") { tensor, model in
    let other = tensor.name.replacing("28", with: "26").replacing("h.3", with: "h.2")
    tensor.elements = model[other].elements
  },
  Plant(testDescription: "half of the outputs zero", expected: "warning zero-rows") { tensor, _ in
    for output in stride(from: 0, to: tensor.outputs, by: 2) { tensor.clearOutput(output) }
  },
]

@Suite struct FindingPlantTests {
  @Test func `a chain with He's weights has no finding`() { #expect(TestModel.mlp().findings() == []) }

  @Test func `GPT-2 as it is initialized has no finding`() { #expect(TestModel.gpt2().findings() == []) }

  @Test(arguments: plants)
  func `a fault in one of 30 layers is found and nothing else`(plant: Plant) {
    var model = TestModel.mlp()
    let name = "net.28.weight"
    plant.apply(&model[name], model)
    #expect(brief(model.findings()) == ["\(plant.expected) \(name)"])
  }

  @Test(arguments: plants, ["h.3.attn.c_attn.weight", "h.3.mlp.c_proj.weight"])
  func `a fault in one weight of GPT-2 is found and nothing else`(plant: Plant, name: String) {
    var model = TestModel.gpt2()
    plant.apply(&model[name], model)
    #expect(brief(model.findings()) == ["\(plant.expected) \(name)"])
  }

  @Test(arguments: [0, 1, 15, 28, 29])
  func `a layer of twice the scale is found at any place of the chain`(place: Int) {
    var model = TestModel.mlp()
    let name = "net.\(2 * place).weight"
    model[name].scale(2)
    #expect(brief(model.findings()) == ["warning odd-one-out \(name)"])
  }

  @Test func `two faults of one family are two findings`() {
    var model = TestModel.mlp()
    model["net.10.weight"].scale(3)
    model["net.40.weight"].scale(0)
    #expect(
      brief(model.findings()) == ["warning odd-one-out net.10.weight", "warning all-zero-weights net.40.weight"])
  }

  @Test func `the layers that nn.TransformerEncoder clones are one finding`() {
    var model = TestModel(tensors: [])
    for i in 0..<6 {
      for (name, dims) in [("linear1", [256, 64]), ("linear2", [64, 256])] {
        var tensor = TestTensor.normal("layers.0.\(name).weight", dims, std: 0.1)
        tensor.name = "layers.\(i).\(name).weight"
        model.tensors.append(tensor)
      }
    }
    let findings = model.findings()
    #expect(brief(findings) == ["warning identical-tensors layers.1.linear1.weight"])
    #expect(findings[0].message.contains("(10 tensors)"))
    #expect(findings[0].message.contains("the same weights of `layers.0`"))
  }

  @Test func `two pairs of cloned layers are two findings`() {
    var model = TestModel.mlp()
    model["net.12.weight"].elements = model["net.10.weight"].elements
    model["net.32.weight"].elements = model["net.30.weight"].elements
    #expect(
      brief(model.findings()) == [
        "warning identical-tensors net.12.weight", "warning identical-tensors net.32.weight",
      ])
  }
}

extension TestTensor {
  var outputs: Int { layout == .torch ? dims[0] : dims[dims.count - 1] }

  private func places(_ output: Int) -> [Int] {
    let size = elements.count / outputs
    return (0..<size).map { layout == .torch ? output * size + $0 : $0 * outputs + output }
  }

  mutating func copyOutput(_ source: Int, to target: Int) {
    for (from, to) in zip(places(source), places(target)) { elements[to] = elements[from] }
  }

  mutating func clearOutput(_ output: Int) { for place in places(output) { elements[place] = 0 } }
}
