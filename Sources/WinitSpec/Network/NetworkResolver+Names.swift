// The names and the numbers of the entries of a network, and their problems.

import WinitCore
import WinitDiagnosis
import WinitInitializers
import WinitJSON

extension NetworkResolver {
  /// Finds the text that `*` at the beginning of a name stands for: nothing, or a text that ends with a dot or a slash.
  /// It is the same for all names, and the first entry that must exist shows it.
  mutating func findStart(_ texts: [NetworkText.Entry]) {
    guard let (text, name) = starredName(texts) else { return }
    let pattern = Glob(name.dropFirst() + (name.hasSuffix(".") ? "*" : ""))
    let found = PresetScope.prefixes(tensors.keys.map(\.string), pattern)
    if let only = found.first, found.count == 1 {
      start = only
    } else if found.isEmpty {
      start = ""
    } else {
      let texts = found.prefix(4).map { $0.isEmpty ? "no prefix" : "\(quoted: $0)" }
      report(
        text.line, .ambiguousPrefix,
        "\(quoted: name) fits names with more than one prefix: \(texts.joined(separator: ", ")). Write the whole names")
    }
  }

  private func starredName(_ texts: [NetworkText.Entry]) -> (NetworkText.Entry, String)? {
    for text in texts where !text.isOptional && text.condition == nil {
      switch text.content {
      case .repeat(_, let prefix, _, _):
        if prefix.head.hasPrefix("*") { return (text, prefix.text(0)) }
      case .residual(let branch, let shortcut):
        if let found = starredName(branch + shortcut) { return found }
      default:
        if let name = text.content.names.first(where: { $0.hasPrefix("*") }) { return (text, name) }
      }
    }
    return nil
  }

  /// Returns a name in place: after the prefix, with `*` and the numbers of repeats replaced.
  func fullName(_ name: String, _ place: Place) -> TensorName { TensorName(place.prefix + filled(name, place)) }

  /// Replaces a leading `*`, and each `{i}` that is the number of a repeat.
  func filled(_ name: String, _ place: Place) -> String {
    let text = place.prefix.isEmpty && name.hasPrefix("*") ? start + name.dropFirst() : name
    guard text.contains("{"), !place.numbers.isEmpty else { return text }
    return NameTemplate(text: text).filled(with: Captures(place.numbers.mapValues(String.init)))
  }

  /// Returns a tensor, or reports that it does not exist.
  mutating func tensor(_ name: String, _ what: String, _ text: NetworkText.Entry, _ place: Place) -> Tensor? {
    let full = fullName(name, place)
    if let tensor = tensors[full] {
      used.insert(full)
      if lines[tensor.name] == nil { lines[tensor.name] = text.line }
      return tensor
    }
    reportUnknown(name, "no tensor is called", what, text, place)
    return nil
  }

  /// Returns a tensor whose shape has one of these ranks and whose dtype is a floating-point dtype, or reports why not.
  mutating func tensor(
    _ name: String, _ what: String, ranks: ClosedRange<Int>, _ text: NetworkText.Entry, _ place: Place
  ) -> Tensor? {
    guard let tensor = tensor(name, what, text, place), let shape = tensor.shape else { return nil }
    guard ranks.contains(shape.rank) else {
      let wanted = ranks.count == 1 ? "\(ranks.lowerBound)" : "\(ranks.lowerBound) to \(ranks.upperBound)"
      report(
        text.line, .invalidNetwork,
        "the shape is \(shape), and \(what) must be a tensor of rank \(wanted)",
        tensor: tensor.name)
      return nil
    }
    guard tensor.dtype?.isFloatingPoint ?? true else {
      report(
        text.line, .invalidNetwork,
        "its dtype is not a floating-point dtype, which \(what) must have. Name another tensor",
        tensor: tensor.name)
      return nil
    }
    return tensor
  }

  /// Returns the bias of a weight, or reports why the bias that the spec names is none.
  mutating func bias(
    _ bias: NetworkText.Bias, of weight: Tensor?, size: Int?, _ text: NetworkText.Entry, _ place: Place
  ) -> String? {
    switch bias {
    case .none: return nil
    case .name(let name):
      guard let tensor = tensor(name, "bias", text, place), let shape = tensor.shape else { return nil }
      if let size, shape.elementCount != size {
        report(
          text.line, .invalidNetwork,
          "the bias has the shape \(shape), and its weight has \(size) outputs",
          tensor: tensor.name
        )
      }
      return tensor.name.string
    case .automatic:
      guard let weight, let name = Self.biasName(weight.name.string), let tensor = tensors[TensorName(name)],
        tensor.dtype?.isFloatingPoint ?? true, let shape = tensor.shape, size == nil || shape.elementCount == size
      else { return nil }
      return name
    }
  }

  /// The endings of weights and of their biases: PyTorch's, Keras's and flax's.
  private static let endings = [("weight", "bias"), ("kernel", "bias"), ("gamma", "beta"), ("scale", "bias")]

  /// Returns the name that the bias of a weight usually has; nil if the name of the weight does not show it.
  private static func biasName(_ weight: String) -> String? {
    endings.first { weight.utf8.elementsEqual($0.0.utf8) || weight.hasSuffix($0.0) }.map {
      String(weight.dropLast($0.0.count)) + $0.1
    }
  }

  /// Computes a number, or reports why there is none.
  mutating func value(
    _ expression: Expression, _ what: String, _ text: NetworkText.Entry, _ place: Place, dims: [Int] = []
  ) -> Double? {
    let number = self.number
    do throws(Expression.Failure) {
      return try expression.value(
        { (name: String) throws(Expression.Failure) -> Double? in
          if let number = place.numbers[name] { return Double(number) }
          return try number(name)
        }, dims: dims)
    } catch {
      report(text.line, .noValue, "\(what) is \(quoted: expression.text): \(error.message)")
      return nil
    }
  }

  /// Computes an integer that is not below `least`, or reports why there is none. Nil without an expression too.
  mutating func integer(
    _ expression: Expression?, _ what: String, _ least: Int, _ text: NetworkText.Entry, _ place: Place,
    dims: [Int] = []
  ) -> Int? {
    guard let expression, let value = value(expression, what, text, place, dims: dims) else { return nil }
    guard let integer = Int(exactly: value), (least...Network.maximumNumber).contains(integer) else {
      report(
        text.line, .numberOutOfRange,
        "\(what) is \(JSONNumber.text(value)); it must be an integer from \(least) to \(Network.maximumNumber)")
      return nil
    }
    return integer
  }

  mutating func report(_ line: Int, _ kind: SpecProblem.Kind, _ message: String, tensor: TensorName? = nil) {
    problems.append(Problem(line: line, tensor: tensor, problem: SpecProblem(kind, message)))
  }

  /// Reports a name that no tensor has.
  mutating func reportUnknown(
    _ name: String, _ why: String, _ what: String, _ text: NetworkText.Entry, _ place: Place
  ) {
    let full = fullName(name, place).string
    // Problems beyond those that are shown need no suggestion, which takes time to find.
    let near =
      stopsEarly || problems.count >= SpecError.shown
      ? nil : nearest(to: full, in: index.names.lazy.map(\.string)).map { "; did you mean \(quoted: $0)?" }
    report(
      text.line, .unknownTensor,
      "\(why) \(quoted: full)\(near ?? "") (\(what) of network). If models of this kind may lack it, mark the entry as `optional: true`"
    )
  }
}

extension NetworkText.Content {
  /// The names that must exist, the weight first. A residual and a repeat name none.
  var names: [String] {
    func named(_ bias: NetworkText.Bias) -> [String] { if case .name(let name) = bias { [name] } else { [] } }
    return switch self {
    case .embedding(let names): names
    case .weight(let layer): [layer.weight] + named(layer.bias)
    case .norm(_, let weight, let bias): (weight.map { [$0] } ?? []) + named(bias)
    case .attention(let attention):
      [attention.query, attention.key, attention.value, attention.output] + named(attention.valueBias)
        + named(attention.outputBias)
    case .gate(let gate): [gate.gate, gate.up] + named(gate.gateBias) + named(gate.upBias)
    case .input, .activation, .pool, .residual, .repeat: []
    }
  }
}
