// Weights that have been trained are recognized, and weights as libraries initialize them are not.

import Testing
import WinitCore
import WinitDiagnosis
import WinitJSON

@Suite struct TrainedWeightTests {
  private func note(_ model: TestModel, law: Law? = nil, isForeign: Bool = false) -> String? {
    TrainedWeights.note(
      model.tensors.map(\.observed).map { tensor in
        var tensor = tensor
        (tensor.law, tensor.isForeign) = (law, isForeign)
        return tensor
      })
  }

  /// GPT-2 in which the scales and the biases of the norms of this many layers vary, as after a step of Adam.
  private func gpt2(trained layers: Int, biases: Bool = true) -> TestModel {
    var model = TestModel.gpt2()
    for i in 0..<layers {
      for norm in ["ln_1", "ln_2"] {
        model["h.\(i).\(norm).weight"].elements[3] = 0.999
        if biases { model["h.\(i).\(norm).bias"].elements[3] = 0.001 }
      }
    }
    return model
  }

  @Test func `scales that vary show training`() throws {
    #expect(note(gpt2(trained: 0)) == nil)
    let text = try #require(note(gpt2(trained: 6)))
    #expect(text.contains("12 of 13 scales of norms"))
  }

  @Test func `fewer than half of the scales show nothing`() {
    #expect(note(gpt2(trained: 3)) == nil)
    #expect(note(gpt2(trained: 4)) != nil)
  }

  @Test func `scales around 1 beside biases of 0 are those of a GAN before training`() {
    #expect(note(gpt2(trained: 6, biases: false)) == nil)
  }

  @Test func `scales without biases show training by themselves`() {
    let names = (0..<4).map { "layers.\($0).input_layernorm.weight" }
    let drawn = names.map { TestTensor.normal($0, [32], std: 0.1) }
    #expect(note(TestModel(tensors: drawn)) != nil)
    #expect(note(TestModel(tensors: names.map { .constant($0, [32], 1) })) == nil)
    // One vector can be anything, such as the weights of classes.
    #expect(note(TestModel(tensors: [drawn[0]])) == nil)
  }

  @Test func `what a law gives is not trained, and a file beside a spec may be`() {
    let law = Law.normal(mean: 1, std: 0.02)
    #expect(note(gpt2(trained: 6), law: law) == nil)
    #expect(note(gpt2(trained: 6), law: law, isForeign: true) != nil)
  }
}
