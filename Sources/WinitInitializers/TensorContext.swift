// What a scheme initializes: a tensor, or a box of a tensor.

package import WinitCore

/// The tensor, or the box of a tensor, that a scheme initializes.
package struct TensorContext: Sendable {
  /// The shape of the whole tensor.
  package let tensor: Shape
  /// The length of the box on each axis of the tensor; for a whole tensor, its shape.
  package let box: Shape
  /// The shape of what the scheme fills: the box without its axes of length 1 before its first longer axis. A box [1,
  /// 48, 64] holds a matrix [48, 64], and a box of one element is [1]. For a whole tensor, its shape.
  package let shape: Shape
  package let dtype: DType
  package let fanSource: FanSource

  /// Whether the scheme initializes a box that gives ranges.
  let isBox: Bool

  /// Creates the context of a whole tensor.
  package init(whole tensor: Shape, dtype: DType, fans: FanSource) {
    self.tensor = tensor
    isBox = false
    (box, shape) = (tensor, tensor)
    self.dtype = dtype
    fanSource = fans
  }

  /// Creates the context of a box: ranges on the leading axes of a tensor, inside its shape. A box without ranges is
  /// the whole tensor.
  package init(box ranges: [Range<Int>], of tensor: Shape, dtype: DType, fans: FanSource) {
    self.tensor = tensor
    self.dtype = dtype
    fanSource = fans
    isBox = !ranges.isEmpty
    let lengths = ranges.map(\.count) + tensor.dims.dropFirst(ranges.count)
    // Neither shape is larger than the tensor, so both can be addressed.
    guard !ranges.isEmpty, let box = try? Shape(lengths),
      let shape = try? Shape(lengths.count == 0 ? [] : TensorContext.withoutLeadingOnes(lengths))
    else {
      (box, shape) = (tensor, tensor)
      return
    }
    (self.box, self.shape) = (box, shape)
  }

  /// The number of leading axes of the box that `shape` leaves out.
  var droppedAxes: Int { box.rank - shape.rank }

  /// The fans, for a scheme that divides by one. The axes that `fans` in a spec names are those of the tensor, also in
  /// a box.
  package func fans(for scheme: String) throws(SchemeError) -> Fans {
    switch fanSource {
    case .axes: return try fanSource.fans(of: box, for: scheme)
    case .batch(let batch, let layout):
      let rest = box.without(try FanSource.places(batch, tensor))
      let matrix = isBox ? try? Shape(TensorContext.withoutLeadingOnes(rest.dims)) : rest
      return try FanSource.layout(layout).fans(of: matrix ?? rest, for: scheme)
    case .layout, .tensor: return try fanSource.fans(of: shape, for: scheme)
    }
  }

  private static func withoutLeadingOnes(_ lengths: [Int]) -> [Int] {
    let rest = Array(lengths.drop { $0 == 1 })
    return rest.isEmpty ? [1] : rest
  }
}
