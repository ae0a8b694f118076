// Arithmetic in a spec: numbers, names, + − × ÷, parentheses, sqrt, min and max; nothing that could fail to end.

import WinitJSON

/// An expression, evaluated in binary64 in the order it is written: × and ÷ before + and −, each from the left.
package struct Expression: Sendable {
  indirect enum Node: Sendable {
    case number(Double)
    case name(String)
    case dimension(Int)
    case negative(Node)
    case binary(Character, Node, Node)
    case call(String, [Node])
  }

  /// Why a text is no expression, or an expression has no value.
  package struct Failure: Error {
    package let message: String
  }

  package let text: String
  private let root: Node

  /// - Throws: `Failure` where the text is no expression.
  package init(parsing text: String) throws(Failure) {
    // Each sign nests the tree one deeper, and every walk of it the stack.
    guard text.utf8.count <= 1000 else { throw Failure(message: "it has more than 1000 characters") }
    self.text = text
    var parser = Parser(text)
    root = try parser.sum(depth: 0)
    try parser.end()
  }

  /// - Parameters:
  ///   - names: the value of a name, nil for one that is not known here.
  ///   - dims: the tensor's dimensions, for `dim[k]`.
  /// - Throws: `Failure` for an unknown name, an axis that is not there, or a result that is not finite.
  package func value(_ names: (String) throws(Failure) -> Double?, dims: [Int]) throws(Failure) -> Double {
    try evaluate(root, names, dims)
  }

  private func evaluate(
    _ node: Node, _ names: (String) throws(Failure) -> Double?, _ dims: [Int]
  ) throws(Failure) -> Double {
    let value: Double
    switch node {
    case .number(let number): value = number
    case .name(let name):
      guard let number = try names(name) else { throw Failure(message: "there is no value `\(name)`") }
      value = number
    case .dimension(let axis):
      let place = axis < 0 ? axis + dims.count : axis
      guard dims.indices.contains(place) else {
        throw Failure(message: "dim[\(axis)] is not there: the tensor has \(dims.count) dimensions")
      }
      value = Double(dims[place])
    case .negative(let inner): value = -(try evaluate(inner, names, dims))
    case .binary(let sign, let left, let right):
      let (a, b) = (try evaluate(left, names, dims), try evaluate(right, names, dims))
      switch sign {
      case "+": value = a + b
      case "-": value = a - b
      case "*": value = a * b
      default:
        guard b != 0 else { throw Failure(message: "it divides by 0") }
        value = a / b
      }
    case .call(let function, let nodes):
      var numbers: [Double] = []
      for node in nodes { numbers.append(try evaluate(node, names, dims)) }
      switch function {
      case "sqrt":
        guard numbers[0] >= 0 else {
          throw Failure(message: "sqrt of \(JSONNumber.text(numbers[0])) is no number")
        }
        value = numbers[0].squareRoot()
      case "min": value = numbers.min() ?? 0
      default: value = numbers.max() ?? 0
      }
    }
    guard value.isFinite else { throw Failure(message: "it is too large") }
    return value
  }
}

/// Recursive descent over the text.
private struct Parser {
  private let characters: [Character]
  private var position = 0

  init(_ text: String) { characters = Array(text) }

  private mutating func peek() -> Character? {
    while position < characters.count, characters[position] == " " { position += 1 }
    return position < characters.count ? characters[position] : nil
  }

  private mutating func take(_ wanted: Set<Character>) -> Character? {
    guard let character = peek(), wanted.contains(character) else { return nil }
    position += 1
    return character
  }

  private mutating func expect(_ character: Character) throws(Expression.Failure) {
    guard take([character]) != nil else { throw unexpected("`\(character)`") }
  }

  private mutating func unexpected(_ wanted: String) -> Expression.Failure {
    let found = peek().map { "`\($0)`" } ?? "the end"
    return Expression.Failure(message: "\(wanted) is expected where \(found) stands")
  }

  mutating func end() throws(Expression.Failure) {
    guard peek() == nil else { throw unexpected("+, -, *, / or the end") }
  }

  mutating func sum(depth: Int) throws(Expression.Failure) -> Expression.Node {
    var node = try product(depth: depth)
    while let sign = take(["+", "-"]) { node = .binary(sign, node, try product(depth: depth)) }
    return node
  }

  private mutating func product(depth: Int) throws(Expression.Failure) -> Expression.Node {
    var node = try factor(depth: depth)
    while let sign = take(["*", "/"]) { node = .binary(sign, node, try factor(depth: depth)) }
    return node
  }

  private mutating func factor(depth: Int) throws(Expression.Failure) -> Expression.Node {
    guard depth < 100 else { throw Expression.Failure(message: "it is nested too deeply") }
    if take(["-"]) != nil { return .negative(try factor(depth: depth + 1)) }
    if take(["("]) != nil {
      let node = try sum(depth: depth + 1)
      try expect(")")
      return node
    }
    guard let first = peek() else { throw unexpected("a number or a name") }
    if first.isASCII, first.isNumber { return try number() }
    guard first.isASCII, first.isLetter || first == "_" else { throw unexpected("a number or a name") }
    let name = word { $0.isLetter || $0.isNumber || $0 == "_" }
    if name == "dim" {
      try expect("[")
      let sign = take(["-"]) == nil ? 1 : -1
      guard let axis = Int(word(while: \.isNumber)) else { throw unexpected("an axis") }
      try expect("]")
      return .dimension(sign * axis)
    }
    guard ["sqrt", "min", "max"].contains(name) else { return .name(name) }
    try expect("(")
    var arguments = [try sum(depth: depth + 1)]
    while take([","]) != nil { arguments.append(try sum(depth: depth + 1)) }
    try expect(")")
    guard name == "sqrt" ? arguments.count == 1 : arguments.count >= 2 else {
      throw Expression.Failure(
        message: name == "sqrt" ? "sqrt takes one number" : "\(name) takes two numbers or more")
    }
    return .call(name, arguments)
  }

  /// A number by JSON's grammar: not 010, not .5.
  private mutating func number() throws(Expression.Failure) -> Expression.Node {
    var text = word { $0.isNumber || $0 == "." || $0 == "e" || $0 == "E" }
    if text.last == "e" || text.last == "E", position < characters.count, "+-".contains(characters[position])
    {
      text.append(characters[position])
      position += 1
      text += word(while: \.isNumber)
    }
    guard let value = JSONNumber.parse(text) else {
      throw Expression.Failure(message: "`\(text)` is not a number")
    }
    return .number(value)
  }

  private mutating func word(while isPart: (Character) -> Bool) -> String {
    _ = peek()
    let start = position
    while position < characters.count, characters[position].isASCII, isPart(characters[position]) {
      position += 1
    }
    return String(characters[start..<position])
  }
}
