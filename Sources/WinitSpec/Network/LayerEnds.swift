// How many values a layer takes and gives.

import WinitCore
import WinitInitializers

/// The numbers of inputs and outputs of a weight: features of a linear layer, channels of a convolution.
struct LayerEnds {
  let input: Int
  let output: Int
  /// Whether the weight is a convolution, whose input has as many channels and not a multiple.
  let isConvolution: Bool

  /// Returns the ends by the axes; nil where they do not show them.
  init?(_ shape: Shape, _ fans: FanSource, groups: Int, isTransposed: Bool) {
    let dims = shape.dims
    isConvolution = dims.count > 2
    switch fans {
    case .layout(.torch) where dims.count >= 2:
      let grouped = dims[1].multipliedReportingOverflow(by: groups)
      guard !grouped.overflow else { return nil }
      (input, output) = isTransposed ? (dims[0], grouped.partialValue) : (grouped.partialValue, dims[0])
    // Keras and flax order the axes of a transposed kernel differently, and those of a depthwise kernel too.
    case .layout(.keras) where dims.count >= 2 && !isTransposed && groups == 1:
      (input, output) = (dims[dims.count - 2], dims[dims.count - 1])
    case .axes(let axes) where axes.batch.isEmpty && groups == 1:
      func product(_ axes: [Int]) -> Int? {
        let places = axes.map { $0 < 0 ? $0 + dims.count : $0 }
        guard places.allSatisfy(dims.indices.contains), Set(places).count == places.count else { return nil }
        // An axis of 0 elements makes a shape valid whose other axes have any product.
        return places.reduce(1) { (product: Int?, place) in
          guard let (product, overflow) = product?.multipliedReportingOverflow(by: dims[place]), !overflow else {
            return nil
          }
          return product
        }
      }
      guard let input = product(axes.input), let output = product(axes.output) else { return nil }
      (self.input, self.output) = (input, output)
    default: return nil
    }
  }
}
