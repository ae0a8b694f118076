// Reads the tensors of a spec.

import WinitCore
import WinitInitializers
import WinitJSON

extension SpecReader {
  mutating func tensors(_ node: SpecNode) -> [ModelSpec.TensorEntry] {
    guard let pairs = node.mapping else {
      report(
        .wrongType, node.line, "tensors is \(node.summary); it must map each name to a shape: `name: [2, 3]`")
      return []
    }
    return pairs.compactMap { key, value in
      guard let text = key.scalar else {
        report(.wrongType, key.line, "a tensor's name is \(key.summary); it must be text")
        return nil
      }
      let before = diagnostics.count
      let name = TensorName(text)
      check(name, line: key.line)
      var entry = tensor(name, line: key.line, value)
      entry.isBroken = diagnostics.count > before
      return entry
    }
  }

  /// Reports a name that a registry cannot hold.
  mutating func check(_ name: TensorName, line: Int?) {
    if let problem = name.problem { report(.invalidName, line, problem, tensor: name) }
  }

  private mutating func tensor(_ name: TensorName, line: Int, _ node: SpecNode) -> ModelSpec.TensorEntry {
    var entry = ModelSpec.TensorEntry(name: name, line: line)
    if node.sequence != nil {
      entry.shape = shape(node, tensor: name)
      return entry
    }
    guard node.mapping != nil else {
      report(
        .wrongType, line,
        "the tensor is \(node.summary); write a shape, `[2, 3]`, or a mapping, `{shape: [2, 3], init: ones}`",
        tensor: name)
      return entry
    }
    for (key, node) in members(
      of: node, known: ["shape", "dtype", "init", "layout", "fans", "seed"], what: "a tensor", tensor: name)
    {
      switch key {
      case "shape": entry.shape = shape(node, tensor: name)
      case "dtype": entry.dtype = self.dtype(node, tensor: name)
      case "init": (entry.initialization, entry.initLine) = (initialization(node, tensor: name), node.line)
      case "seed": entry.seed = seed(node, tensor: name)
      default: break
      }
    }
    entry.fans = fanSource(node, tensor: name)
    return entry
  }

  private mutating func shape(_ node: SpecNode, tensor: TensorName) -> Shape? {
    guard let nodes = node.sequence else {
      report(
        .invalidShape, node.line,
        "the shape is \(node.summary); write a list of dimensions, such as [2, 3], or [] for a scalar",
        tensor: tensor)
      return nil
    }
    var dims: [Int] = []
    for node in nodes {
      guard let text = node.scalar, JSONNumber.isNumber(text.utf8),
        !text.contains(where: { ".eE".contains($0) })
      else {
        report(.invalidShape, node.line, "the dimension \(node.summary) is not an integer", tensor: tensor)
        return nil
      }
      guard let dim = Int(text) else {
        report(.invalidShape, node.line, "the dimension \(quoted: text) is too large", tensor: tensor)
        return nil
      }
      dims.append(dim)
    }
    return shape(dims, line: node.line, tensor: tensor)
  }

  /// Returns a shape, or reports why the dimensions are not one.
  mutating func shape(_ dims: [Int], line: Int?, tensor: TensorName) -> Shape? {
    do { return try Shape(dims) } catch {
      report(.invalidShape, line, "\(error)", tensor: tensor)
      return nil
    }
  }
}
