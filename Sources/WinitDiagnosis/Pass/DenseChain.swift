// A network of dense layers, norms and residual sums, which a pass can run.

package import WinitCore
package import WinitInitializers

/// A chain of dense layers and norms, in which each step takes what the step before gives. A step may be the sum of two
/// such chains.
package struct DenseChain: Sendable, Hashable {
  /// A step, and the activation behind it.
  package struct Step: Sendable, Hashable {
    package var operation: Operation
    package var activation: ActivationFunction
    /// The name of the layer: that of the weight, or a number.
    package var name: String
  }

  package indirect enum Operation: Sendable, Hashable {
    case dense(Dense)
    case norm(Norm)
    case residual([Step], shortcut: [Step])
    /// Nothing but the activation.
    case none
  }

  /// W x + b.
  package struct Dense: Sendable, Hashable {
    package let weight: String
    package let bias: String?
    package let inputs: Int
    package let outputs: Int
    /// Whether the weight is [inputs, outputs] in memory, and not [outputs, inputs].
    package let isInputFirst: Bool
    /// Whether the order of the axes is the one that fits the layer before, and not that of the layout.
    package let isOrderInferred: Bool
  }

  /// A norm over the units of a sample (layer, RMS) or over the samples of a unit (batch).
  package struct Norm: Sendable, Hashable {
    package let kind: Network.Norm.Kind
    package let weight: String?
    package let bias: String?
    package let units: Int
  }

  /// The steps in forward order.
  package let steps: [Step]
  /// The number of units of the input.
  package let inputSize: Int
  /// The standard deviation of the input.
  package let inputStd: Double

  /// Creates the chain of a network whose `repeat` entries are expanded.
  ///
  /// - Parameter tensor: returns the shape of the tensor with a name, and the axes of its inputs and outputs; nil if
  ///   there is no such tensor.
  /// - Throws: `PassRefusal` if the network has other layers, or if sizes do not fit.
  package init(_ network: Network, tensor: (String) -> (shape: Shape, fans: FanSource)?) throws(PassRefusal) {
    var entries = network.entries[...]
    var (size, std): (Int?, Double) = (nil, 1)
    if case .input(let shape, let given)? = entries.first {
      guard given.isFinite, given >= 0 else { throw PassRefusal("no pass: the input has no finite std") }
      guard let count = try? Shape(shape).elementCount, count > 0 else {
        throw PassRefusal("no pass: the input \(shape) is no shape with elements")
      }
      (size, std) = (count, given)
      entries.removeFirst()
    }
    inputStd = std
    (steps, inputSize) = try withoutActuallyEscaping(tensor) { tensor throws(PassRefusal) in
      var builder = DenseChainBuilder(tensor: tensor)
      let inputSize: Int
      if let size { inputSize = size } else { inputSize = try builder.inputs(of: Array(entries)) }
      var size = inputSize
      return (try builder.steps(Array(entries), &size, isMain: true), inputSize)
    }
    if dense.isEmpty { throw .noWeight }
  }

  /// All steps in the order in which they are run, with those inside of residual sums.
  package var allSteps: [Step] {
    func flat(_ steps: [Step]) -> [Step] {
      steps.flatMap { step in
        if case .residual(let branch, let shortcut) = step.operation {
          return flat(branch) + flat(shortcut) + [step]
        }
        return [step]
      }
    }
    return flat(steps)
  }

  /// All dense layers in the order in which they are run.
  package var dense: [Dense] {
    allSteps.compactMap { step in
      if case .dense(let dense) = step.operation { dense } else { nil }
    }
  }
}

extension DenseChain.Step {
  /// The kind in the document; nil for an activation alone, which is no layer.
  var kind: String? {
    switch operation {
    case .dense: "linear"
    case .norm: "norm"
    case .residual: "residual"
    case .none: nil
    }
  }
}
