// Reads layouts and fans.

import WinitCore
import WinitInitializers
import WinitJSON

extension SpecReader {
  mutating func layout(_ node: SpecNode, tensor: TensorName? = nil) -> Layout? {
    if let layout = node.scalar.flatMap(Layout.init(rawValue:)) { return layout }
    report(
      .unknownLayout, node.line,
      "unknown layout \(node.summary) (known: torch = [out, in, …spatial], keras = […spatial, in, out])",
      tensor: tensor)
    return nil
  }

  /// Reads the layout and the fans of a tensor, a rule or a part.
  mutating func fanSource(_ node: SpecNode, tensor: TensorName? = nil) -> FanSource? {
    let members = (node.mapping ?? []).map { (key: $0.key.scalar, node: $0.value) }
    let layoutNode = members.first { $0.key == "layout" }?.node
    let layout = layoutNode.flatMap { self.layout($0, tensor: tensor) }
    guard let fansNode = members.first(where: { $0.key == "fans" })?.node else { return layout.map { .layout($0) } }
    guard let axes = fans(fansNode, tensor: tensor) else { return nil }
    if let input = axes["in"], let output = axes["out"] {
      if layoutNode != nil {
        report(
          .conflictingKeys, node.line,
          "layout and fans both say which axes are inputs and outputs; give one of them, or only the batch of fans",
          tensor: tensor)
      }
      return .axes(FanAxes(input: input, output: output, batch: axes["batch"] ?? []))
    }
    guard let batch = axes["batch"], !batch.isEmpty, axes.count == 1 else {
      report(
        .missingKey, fansNode.line,
        "fans needs both `in` and `out`, or `batch` alone with a layout for the other axes: {in: [0], out: [1, 2]}",
        tensor: tensor)
      return nil
    }
    return .batch(batch, layout ?? self.layout)
  }

  /// Reads `{in: [axes], out: [axes], batch: [axes]}`.
  private mutating func fans(_ node: SpecNode, tensor: TensorName?) -> [String: [Int]]? {
    var axes: [String: [Int]] = [:]
    for (key, node) in members(of: node, known: ["in", "out", "batch"], what: "fans", tensor: tensor) {
      guard let numbers = self.axes(node) else {
        report(
          .wrongType, node.line, "\(quoted: key) of fans is \(node.summary); it must be a list of axes: [0]",
          tensor: tensor)
        return nil
      }
      axes[key] = numbers
    }
    return axes
  }

  /// Reads an axis, or a list of axes; nil for anything else.
  func axes(_ node: SpecNode) -> [Int]? {
    let numbers = (node.sequence ?? [node]).map { $0.scalar.flatMap { Int($0) } }
    return numbers.contains(nil) ? nil : numbers.compactMap(\.self)
  }
}
