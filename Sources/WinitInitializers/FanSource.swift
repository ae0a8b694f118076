// The source of a tensor's fans: a layout, axes, or another tensor.

package import WinitCore
package import WinitJSON

/// The axes of a weight that are its inputs, its outputs and a batch of independent weights; all others are its
/// receptive field. They are `in_axis`, `out_axis` and `batch_axis` of `jax.nn.initializers.variance_scaling`.
package struct FanAxes: Sendable, Hashable {
  /// The input axes; negative ones count from the end.
  package let input: [Int]
  /// The output axes.
  package let output: [Int]
  /// The axes of independent weights, such as experts, which no fan counts.
  package let batch: [Int]

  /// Creates the axes of a weight.
  package init(input: [Int], output: [Int], batch: [Int] = []) {
    (self.input, self.output, self.batch) = (input, output, batch)
  }

  /// Returns the fans: fan_in is the product of the input axes and the receptive field, fan_out likewise.
  func fans(of shape: Shape) throws(SchemeError) -> Fans {
    var kinds = [Int?](repeating: nil, count: shape.rank)
    for (kind, axes) in [input, output, batch].enumerated() {
      for axis in axes {
        let place = axis < 0 ? axis + shape.rank : axis
        guard kinds.indices.contains(place) else {
          throw .invalidAxes("fans names axis \(axis), which a tensor of shape \(shape) does not have")
        }
        guard kinds[place] == nil else { throw .invalidAxes("duplicate axis \(axis) in fans") }
        kinds[place] = kind
      }
    }
    func product(_ kind: Int?) -> Int {
      zip(kinds, shape.dims).filter { $0.0 == kind }.map(\.1).reduce(1, *)
    }
    return Fans(fanIn: product(0) * product(nil), fanOut: product(1) * product(nil))
  }
}

/// The source of a tensor's fans.
package enum FanSource: Sendable, Hashable {
  /// The layout of its own axes.
  case layout(Layout)
  /// Axes that the spec names.
  case axes(FanAxes)
  /// The fans of another tensor, as a bias takes those of its weight in PyTorch.
  case tensor(String, Fans)

  /// Returns the fans of a shape, for a scheme that divides by them.
  ///
  /// - Throws: `SchemeError` if the shape has no fans, or if a fan is 0.
  package func fans(of shape: Shape, for scheme: String) throws(SchemeError) -> Fans {
    let fans: Fans
    switch self {
    case .layout(let layout):
      guard let read = Fans(shape, layout: layout) else { throw .noFans(scheme: scheme, shape) }
      fans = read
    case .axes(let axes): fans = try axes.fans(of: shape)
    case .tensor(_, let given): fans = given
    }
    guard fans.fanIn > 0, fans.fanOut > 0 else { throw .zeroFan(scheme: scheme, shape) }
    return fans
  }

  /// The record of the source: members of the scheme's object.
  package var json: [JSONValue.Member] {
    func list(_ axes: [Int]) -> JSONValue { .array(axes.map(JSONValue.integer)) }
    switch self {
    case .layout(let layout): return [.init("layout", .string(layout.rawValue))]
    case .axes(let axes):
      let lists: JSONValue = ["in": list(axes.input), "out": list(axes.output), "batch": list(axes.batch)]
      return [.init("fans", lists)]
    case .tensor(let name, let fans):
      return [
        .init("fan_of", .string(name)), .init("fan_in", .integer(fans.fanIn)),
        .init("fan_out", .integer(fans.fanOut)),
      ]
    }
  }

  /// The keys of the members that `json` writes.
  package static let keys: Set<String> = ["layout", "fans", "fan_of", "fan_in", "fan_out"]

  /// Reads what `json` writes; nil for anything else.
  package init?(json scheme: JSONValue) {
    func list(_ value: JSONValue?) -> [Int]? {
      guard let numbers = value?.arrayValue?.map(\.integerValue), !numbers.contains(nil) else { return nil }
      return numbers.compactMap(\.self)
    }
    if let layout = scheme["layout"]?.stringValue.flatMap(Layout.init(rawValue:)) {
      self = .layout(layout)
    } else if let fans = scheme["fans"], let input = list(fans["in"]), let output = list(fans["out"]),
      let batch = list(fans["batch"])
    {
      self = .axes(FanAxes(input: input, output: output, batch: batch))
    } else if let name = scheme["fan_of"]?.stringValue, let fanIn = scheme["fan_in"]?.integerValue,
      let fanOut = scheme["fan_out"]?.integerValue
    {
      self = .tensor(name, Fans(fanIn: fanIn, fanOut: fanOut))
    } else {
      return nil
    }
  }
}
