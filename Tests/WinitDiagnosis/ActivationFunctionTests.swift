// The names of activation functions.

import Testing
import WinitDiagnosis

@Suite struct ActivationFunctionTests {
  @Test(arguments: ActivationFunction.knownNames + ["leaky_relu(0.2)"])
  func `each known name gives an activation with this name`(name: String) throws {
    let activation = try #require(ActivationFunction(name: name))
    #expect(activation.name == (name == "swish" ? "silu" : name))
  }

  @Test(arguments: ["", "ReLU", "leaky_relu()", "leaky_relu(x)", "leaky_relu(inf)", "relu "])
  func `an unknown name gives nothing`(name: String) { #expect(ActivationFunction(name: name) == nil) }
}
