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
    _ = try FanSource.places(input + output + batch, shape)
    let inputs = try FanSource.places(input, shape)
    let outputs = try FanSource.places(output, shape)
    let batches = try FanSource.places(batch, shape)
    func product(_ places: some Sequence<Int>) -> Int { places.reduce(1) { $0 * shape.dims[$1] } }
    let field = product(shape.dims.indices.filter { !(inputs + outputs + batches).contains($0) })
    return Fans(fanIn: product(inputs) * field, fanOut: product(outputs) * field)
  }
}

/// The source of a tensor's fans.
package enum FanSource: Sendable, Hashable {
  /// The layout of its own axes.
  case layout(Layout)
  /// Axes that the spec names.
  case axes(FanAxes)
  /// The layout of the axes that are not a batch of independent weights.
  case batch([Int], Layout)
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
    case .batch(let batch, let layout):
      let rest = try shape.without(FanSource.places(batch, shape))
      guard let read = Fans(rest, layout: layout) else { throw .noFans(scheme: scheme, rest) }
      fans = read
    case .tensor(_, let given): fans = given
    }
    guard fans.fanIn > 0, fans.fanOut > 0 else { throw .zeroFan(scheme: scheme, shape) }
    return fans
  }

  /// Returns the axes of a shape that `fans` in a spec names, each from 0.
  ///
  /// - Throws: `SchemeError` for an axis that the shape does not have, and for an axis that occurs twice.
  static func places(_ axes: [Int], _ shape: Shape) throws(SchemeError) -> [Int] {
    var places: [Int] = []
    for axis in axes {
      let place = axis < 0 ? axis + shape.rank : axis
      guard shape.dims.indices.contains(place) else {
        throw .invalidAxes("fans names axis \(axis), which a tensor of shape \(shape) does not have")
      }
      guard !places.contains(place) else { throw .invalidAxes("duplicate axis \(axis) in fans") }
      places.append(place)
    }
    return places
  }

  /// The record of the source: members of the scheme's object.
  package var json: [JSONValue.Member] {
    func list(_ axes: [Int]) -> JSONValue { .array(axes.map(JSONValue.integer)) }
    switch self {
    case .layout(let layout): return [.init("layout", .string(layout.rawValue))]
    case .axes(let axes):
      let lists: JSONValue = ["in": list(axes.input), "out": list(axes.output), "batch": list(axes.batch)]
      return [.init("fans", lists)]
    case .batch(let batch, let layout):
      return [.init("layout", .string(layout.rawValue)), .init("batch", list(batch))]
    case .tensor(let name, let fans):
      return [
        .init("fan_of", .string(name)), .init("fan_in", .integer(fans.fanIn)),
        .init("fan_out", .integer(fans.fanOut)),
      ]
    }
  }

  /// The keys of the members that `json` writes.
  package static let keys: Set<String> = ["layout", "batch", "fans", "fan_of", "fan_in", "fan_out"]

  /// Reads what `json` writes; nil for anything else.
  package init?(json: JSONValue) {
    func list(_ value: JSONValue?) -> [Int]? {
      guard let numbers = value?.arrayValue?.map(\.integerValue), !numbers.contains(nil) else { return nil }
      return numbers.compactMap(\.self)
    }
    if let layout = json["layout"]?.stringValue.flatMap(Layout.init(rawValue:)) {
      guard json["batch"] != nil else {
        self = .layout(layout)
        return
      }
      guard let batch = list(json["batch"]) else { return nil }
      self = .batch(batch, layout)
    } else if let fans = json["fans"], let input = list(fans["in"]), let output = list(fans["out"]),
      let batch = list(fans["batch"])
    {
      self = .axes(FanAxes(input: input, output: output, batch: batch))
    } else if let name = json["fan_of"]?.stringValue, let fanIn = json["fan_in"]?.integerValue,
      let fanOut = json["fan_out"]?.integerValue
    {
      self = .tensor(name, Fans(fanIn: fanIn, fanOut: fanOut))
    } else {
      return nil
    }
  }
}
