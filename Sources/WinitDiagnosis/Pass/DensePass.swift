// A pass through real weights: a batch forward and its gradient backward.

import WinitCore

/// What a pass of a batch through the weights of a chain measured.
///
/// The input and the gradient at the output follow from the seed alone. All arithmetic is in binary64, with sums in a
/// fixed order: the bits depend neither on the threads nor on the width of the vectors.
package struct DensePass: Sendable, Equatable {
  /// The values of one layer. Those of a layer with a softmax are the values of its logits, as in theory.
  package struct Layer: Sendable, Equatable {
    /// The name of the weight, or a number such as `residual 2`.
    package var name: String
    /// `linear`, `norm` or `residual`.
    package var kind: String
    package var activation: ActivationFunction
    /// Whether the layer is not inside of a residual branch.
    package var isMainPath: Bool
    package var measured: LayerDiagnosis.Measured
  }

  package var options: PassOptions
  /// The standard deviation of the law of the input.
  package var inputStd: Double
  /// The standard deviation of the input over the batch, with which the signal of the layers is compared.
  package var inputSignal: Double
  /// The layers in forward order.
  package var layers: [Layer]
  /// The mean cross entropy; nil for another loss.
  package var loss: LossDiagnosis?

  /// The weights whose axes have another order than their layout, because only that one fits.
  package var inferredOrders: [String]

  init(_ chain: DenseChain, options: PassOptions, inputSignal: Double) {
    (self.options, self.inputSignal, inputStd) = (options, inputSignal, chain.inputStd)
    inferredOrders = chain.dense.filter(\.isOrderInferred).map(\.weight)
    (layers, loss) = ([], nil)
  }

  /// Adds the measured values to the layers of the same network that theory gave, or makes the layers.
  package func measure(_ layers: inout [LayerDiagnosis]) {
    if layers.isEmpty {
      layers = self.layers.map { layer in
        var diagnosis = LayerDiagnosis(
          name: layer.name, kind: layer.kind, activation: layer.activation == .linear ? nil : layer.activation.name)
        diagnosis.isMainPath = layer.isMainPath
        return diagnosis
      }
    }
    // Two layers can have one weight, so the order decides, not the name.
    guard layers.map(\.kind) == self.layers.map(\.kind) else { return }
    for (place, layer) in self.layers.enumerated() { layers[place].measured = layer.measured }
  }

  /// What was run, and what it assumes, for the reader of the numbers.
  package var summary: String {
    let gradient =
      loss == nil
      ? "a gradient of N(0, 1) at the output" : "the gradient of the mean cross entropy of random labels"
    let input = inputStd == 1 ? "N(0, 1)" : "N(0, \(inputStd)²)"
    var order = ""
    if let first = inferredOrders.first {
      let others = inferredOrders.count > 1 ? " and \(inferredOrders.count - 1) more" : ""
      order =
        ". `\(TensorName(first))`\(others): the inputs and outputs are in the order that fits, which is not that of the layout"
    }
    return
      "measured in a pass of \(options.batch) samples of \(input) in binary64, with \(gradient); seed \(options.seed)\(order)"
  }
}
