// Reads layouts and fans.

import WinitCore
import WinitInitializers

extension SpecReader {
  mutating func layout(_ node: SpecNode, tensor: TensorName? = nil) -> Layout? {
    if let layout = node.scalar.flatMap(Layout.init(rawValue:)) { return layout }
    report(
      .unknownLayout, node.line,
      "unknown layout \(node.summary) (known: torch = [out, in, …spatial], keras = […spatial, in, out])",
      tensor: tensor)
    return nil
  }

  /// Reads `{in: [axes], out: [axes], batch: [axes]}`.
  mutating func fans(_ node: SpecNode, tensor: TensorName? = nil) -> FanSource? {
    var axes: [String: [Int]] = [:]
    for (key, node) in members(of: node, known: ["in", "out", "batch"], what: "fans", tensor: tensor) {
      let numbers = (node.sequence ?? [node]).map { $0.scalar.flatMap { Int($0) } }
      guard !numbers.contains(nil) else {
        report(
          .wrongType, node.line, "`\(key)` of fans is \(node.summary); it must be a list of axes: [0]",
          tensor: tensor)
        return nil
      }
      axes[key] = numbers.compactMap(\.self)
    }
    guard let input = axes["in"], let output = axes["out"] else {
      report(.missingKey, node.line, "fans needs both `in` and `out`: {in: [0], out: [1, 2]}", tensor: tensor)
      return nil
    }
    return .axes(FanAxes(input: input, output: output, batch: axes["batch"] ?? []))
  }

  /// Reports a mapping with both a layout and fans.
  mutating func reportBothFans(_ node: SpecNode, tensor: TensorName? = nil) {
    let keys = (node.mapping ?? []).compactMap(\.key.scalar)
    if keys.contains("layout"), keys.contains("fans") {
      report(
        .conflictingKeys, node.line, "layout and fans both say which axes are inputs and outputs; give one of them",
        tensor: tensor)
    }
  }
}
