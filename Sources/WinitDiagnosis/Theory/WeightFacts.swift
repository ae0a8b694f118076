// What theory needs to know about a tensor.

package import WinitCore
package import WinitInitializers

/// What theory needs to know about a tensor: no elements, two moments.
package struct WeightFacts: Sendable {
  package var shape: Shape
  package var fanSource: FanSource
  /// The mean of the squares of the elements.
  package var meanSquare: Double
  /// The mean of the elements.
  package var mean: Double
  /// Whether there are elements other than 0, whose squares can still be 0 in binary64.
  package var hasElementsOtherThanZero = false

  package init(shape: Shape, fanSource: FanSource, meanSquare: Double, mean: Double = 0) {
    (self.shape, self.fanSource, self.meanSquare, self.mean) = (shape, fanSource, meanSquare, mean)
  }
}

/// The axes of a weight, as its layout or `fans` gives them.
struct LayerAxes: Equatable {
  /// The number of inputs; of a grouped convolution those of one group.
  var inputs: Int
  var outputs: Int
  /// The lengths of the kernel; empty for a linear layer.
  var kernel: [Int]

  /// Reads the axes; nil below rank 2, and for axes that the shape does not have.
  init?(_ shape: Shape, _ source: FanSource) {
    func place(_ axis: Int) -> Int { axis < 0 ? axis + shape.rank : axis }
    func read(_ dims: [Int], _ layout: Layout) -> (Int, Int, [Int])? {
      guard dims.count >= 2 else { return nil }
      switch layout {
      case .torch: return (dims[1], dims[0], Array(dims[2...]))
      case .keras: return (dims[dims.count - 2], dims[dims.count - 1], Array(dims.dropLast(2)))
      }
    }
    let dims = shape.dims
    switch source {
    case .layout(let layout):
      guard let axes = read(dims, layout) else { return nil }
      (inputs, outputs, kernel) = axes
    case .batch(let batch, let layout):
      let places = batch.map(place)
      guard let axes = read(dims.indices.filter { !places.contains($0) }.map { dims[$0] }, layout) else { return nil }
      (inputs, outputs, kernel) = axes
    case .axes(let axes):
      let (input, output, batch) = (axes.input.map(place), axes.output.map(place), axes.batch.map(place))
      guard (input + output + batch).allSatisfy(dims.indices.contains) else { return nil }
      // An axis can occur several times in a list that nothing has checked.
      guard let inputs = product(input.map { dims[$0] }), let outputs = product(output.map { dims[$0] }) else {
        return nil
      }
      (self.inputs, self.outputs) = (inputs, outputs)
      kernel = dims.indices.filter { !(input + output + batch).contains($0) }.map { dims[$0] }
    case .tensor:
      // Given fans say nothing about the axes.
      guard let axes = read(dims, .torch) else { return nil }
      (inputs, outputs, kernel) = axes
    }
    guard inputs > 0, outputs > 0, kernel.allSatisfy({ $0 > 0 }) else { return nil }
  }

  /// The axes with inputs and outputs in the other order.
  var swapped: LayerAxes {
    var axes = self
    (axes.inputs, axes.outputs) = (outputs, inputs)
    return axes
  }
}
