// The measurements of Glorot and Bengio (2010) in a real pass.

import Testing
import WinitCore
import WinitDiagnosis

/// Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks" (2010), section 4.2:
/// five layers of 1,000 tanh units, and a softmax of 10 classes. The batch has 300 samples.
@Suite struct PassGlorotTests {
  /// - Parameter limit: the bound of the uniform law, from the numbers of inputs and outputs.
  private func pass(_ limit: (Double, Double) -> Double) throws -> DensePass {
    let widths = [1000, 1000, 1000, 1000, 1000, 1000, 10]
    var model = PassModel(seed: 1)
    for layer in 0..<6 {
      let (inputs, outputs) = (widths[layer], widths[layer + 1])
      let bound = limit(Double(inputs), Double(outputs))
      try model.add(
        "\(layer).weight", [outputs, inputs], try .uniform(roundingLow: -bound, high: bound),
        activation: layer == 5 ? .softmax : .tanh)
    }
    return try model.pass(PassOptions(batch: 300))
  }

  @Test func `standard initialization shrinks activations and gradients as in the paper`() throws {
    let pass = try pass { inputs, _ in 1 / inputs.squareRoot() }
    // Recomputed with NumPy over 10 seeds; the coefficient of variation is at most 0.45%.
    let expected = [0.4605, 0.2492, 0.1409, 0.0809, 0.0466]
    for (layer, expected) in zip(pass.layers, expected) {
      #expect(abs(layer.measured.rms / expected - 1) < 0.02)
      #expect(abs(layer.measured.signal / expected - 1) < 0.02)
    }
    let gradients = try pass.layers.map { try #require($0.measured.gradient) }
    #expect(abs(gradients[4] / gradients[0] / 12.1 - 1) < 0.06)
    // 5.77e-5 is the root mean square of an element, of 1,000 for each sample.
    #expect(abs(gradients[4] / 1000.0.squareRoot() / 5.77e-5 - 1) < 0.06)
    let loss = try #require(pass.loss)
    #expect(loss.classes == 10)
    #expect(abs(loss.value - 2.302585) < 0.02)
    #expect(loss.uniform == 2.302585092994046)
  }

  @Test func `normalized initialization keeps them better, as in the paper`() throws {
    let pass = try pass { inputs, outputs in (6 / (inputs + outputs)).squareRoot() }
    #expect(abs(pass.layers[0].measured.rms / 0.6280 - 1) < 0.02)
    #expect(abs(pass.layers[4].measured.rms / 0.3212 - 1) < 0.02)
    let gradients = try pass.layers.map { try #require($0.measured.gradient) }
    #expect(abs(gradients[4] / gradients[0] / 2.45 - 1) < 0.06)
  }
}
