// Which axes of a weight are its outputs, its inputs, its receptive field and a batch of independent weights.

package import WinitCore
package import WinitInitializers

/// The axes of a weight, by which each element belongs to one output and one input.
///
/// An output is one index on the output axes of one weight of the batch, and an input likewise. Axes of length 1 are
/// left out, and adjacent axes of one role count as one.
package struct WeightAxes: Sendable {
  /// The role of an axis.
  enum Role: Sendable { case output, input, field, batch }

  /// An axis, and what a step on it changes.
  struct Axis: Sendable {
    var role: Role
    var length: Int
    /// The change of the index of the output, and of the place among the elements of the output.
    var output = 0
    var outputPlace = 0
    /// The same for the input.
    var input = 0
    var inputPlace = 0
  }

  /// The axes, outermost first; empty for a tensor of one element.
  let axes: [Axis]
  /// The number of outputs of all weights of the batch.
  package let outputs: Int
  /// The number of inputs of all weights of the batch; 0 for a vector, whose elements are outputs.
  package let inputs: Int
  /// The number of elements of one output, and of one input.
  package let outputSize: Int
  package let inputSize: Int
  /// The number of independent weights.
  package let batch: Int

  /// Returns nil if the source does not say which axes are inputs and outputs, or names axes that the shape does not
  /// have, and for a tensor without elements.
  package init?(_ shape: Shape, _ source: FanSource) {
    guard shape.elementCount > 0, let roles = WeightAxes.roles(shape, source) else { return nil }
    var axes: [Axis] = []
    for (length, role) in zip(shape.dims, roles) where length > 1 {
      if let last = axes.last, last.role == role {
        axes[axes.count - 1].length *= length
      } else {
        axes.append(Axis(role: role, length: length))
      }
    }
    var (output, input, outputPlace, inputPlace, batch) = (1, 1, 1, 1, 1)
    for i in axes.indices.reversed() {
      let length = axes[i].length
      switch axes[i].role {
      case .output:
        (axes[i].output, axes[i].inputPlace) = (output, inputPlace)
        output *= length
        inputPlace *= length
      case .input:
        (axes[i].input, axes[i].outputPlace) = (input, outputPlace)
        input *= length
        outputPlace *= length
      case .field:
        (axes[i].outputPlace, axes[i].inputPlace) = (outputPlace, inputPlace)
        outputPlace *= length
        inputPlace *= length
      case .batch:
        (axes[i].output, axes[i].input) = (output, input)
        output *= length
        input *= length
        batch *= length
      }
    }
    self.axes = axes
    (outputs, outputSize, inputSize) = (output, outputPlace, inputPlace)
    inputs = roles.contains(.input) ? input : 0
    self.batch = batch
  }

  /// Returns the role of each axis; nil as for `init`.
  static func roles(_ shape: Shape, _ source: FanSource) -> [Role]? {
    var roles = [Role](repeating: .field, count: shape.rank)
    func assign(_ axes: [Int], _ role: Role) -> Bool {
      for axis in axes {
        let place = axis < 0 ? axis + shape.rank : axis
        guard roles.indices.contains(place), roles[place] == .field else { return false }
        roles[place] = role
      }
      return true
    }
    func assign(_ layout: Layout) {
      let rest = roles.indices.filter { roles[$0] == .field }
      guard rest.count >= 2 else {
        for axis in rest { roles[axis] = .output }
        return
      }
      let (output, input) = layout == .torch ? (rest[0], rest[1]) : (rest[rest.count - 1], rest[rest.count - 2])
      (roles[output], roles[input]) = (.output, .input)
    }
    switch source {
    case .layout(let layout): assign(layout)
    case .batch(let batch, let layout):
      guard assign(batch, .batch) else { return nil }
      assign(layout)
    case .axes(let axes):
      guard assign(axes.batch, .batch), assign(axes.output, .output), assign(axes.input, .input) else { return nil }
    case .tensor:
      // A bias takes the fans of its weight. A tensor with more axes has no layout of its own.
      guard shape.dims.filter({ $0 > 1 }).count <= 1 else { return nil }
      for axis in roles.indices { roles[axis] = .output }
    }
    return roles
  }

  /// Returns the outputs and the inputs that elements of a range belong to; each is the smallest range that holds them.
  func units(of elements: Range<Int>) -> (outputs: Range<Int>, inputs: Range<Int>) {
    guard let last = elements.last else { return (0..<0, 0..<0) }
    var (first, end) = (elements.lowerBound, last)
    var stride = axes.reduce(1) { $0 * $1.length }
    var (output, outputEnd, input, inputEnd) = (0, 0, 0, 0)
    // Outside the first axis on which both ends differ, coordinates are fixed; inside it, every coordinate occurs.
    var isInside = false
    for axis in axes {
      stride /= axis.length
      let (low, high) = isInside ? (0, axis.length - 1) : (first / stride, end / stride)
      (first, end) = (first % stride, end % stride)
      if low != high { isInside = true }
      output += low * axis.output
      outputEnd += high * axis.output
      input += low * axis.input
      inputEnd += high * axis.input
    }
    return (output..<outputEnd + 1, inputs == 0 ? 0..<0 : input..<inputEnd + 1)
  }
}
