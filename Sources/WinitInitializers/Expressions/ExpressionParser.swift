// The parser of expressions.

import WinitCore
import WinitJSON

/// A recursive-descent parser of expressions.
struct ExpressionParser {
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
    guard take([character]) != nil else { throw unexpected("\(quoted: character)") }
  }

  private mutating func unexpected(_ wanted: String) -> Expression.Failure {
    let found = peek().map { "\(quoted: $0)" } ?? "end"
    return Expression.Failure(message: "unexpected \(found), \(wanted) was expected")
  }

  mutating func end() throws(Expression.Failure) {
    guard peek() == nil else { throw unexpected("an operator or the end") }
  }

  mutating func sum(depth: Int) throws(Expression.Failure) -> Expression.Node {
    var node = try product(depth: depth)
    while let sign = take(["+", "-"]) {
      node = .binary(sign == "+" ? .add : .subtract, node, try product(depth: depth))
    }
    return node
  }

  private mutating func product(depth: Int) throws(Expression.Failure) -> Expression.Node {
    var node = try factor(depth: depth)
    while let sign = take(["*", "/"]) {
      node = .binary(sign == "*" ? .multiply : .divide, node, try factor(depth: depth))
    }
    return node
  }

  private mutating func factor(depth: Int) throws(Expression.Failure) -> Expression.Node {
    guard depth < 100 else { throw Expression.Failure(message: "nested too deeply") }
    if take(["-"]) != nil { return .unary(.negate, try factor(depth: depth + 1)) }
    if take(["("]) != nil {
      let node = try sum(depth: depth + 1)
      try expect(")")
      return node
    }
    guard let first = peek() else { throw unexpected("a number or a name") }
    if first.isASCII, first.isNumber { return try number() }
    guard first.isASCII, first.isLetter || first == "_" else { throw unexpected("a number or a name") }
    let name = word { $0.isLetter || $0.isNumber || $0 == "_" }
    if name == "dim" || name == "index" && peek() == "[" {
      try expect("[")
      let sign = take(["-"]) == nil ? 1 : -1
      guard let axis = Int(word(while: \.isNumber)) else { throw unexpected("an axis") }
      try expect("]")
      return name == "dim" ? .dimension(sign * axis) : .index(sign * axis)
    }
    // The name of a function without parentheses is a name, because a value or a capture may have it.
    guard peek() == "(" || ["sqrt", "min", "max"].contains(name) else { return .name(name) }
    return try call(name, depth: depth)
  }

  /// The names of all functions.
  private static let functions =
    (UnaryOperation.allCases.filter { $0 != .negate }.map(\.rawValue) + ["min", "max", "pow"]).sorted()
    + DrawFunction.allCases.map(\.rawValue)

  /// Parses the parentheses of a function and what they hold.
  private mutating func call(_ name: String, depth: Int) throws(Expression.Failure) -> Expression.Node {
    let unary = name == "neg" ? nil : UnaryOperation(rawValue: name)
    let binary = BinaryOperation(rawValue: name)
    let draw = DrawFunction(rawValue: name)
    guard unary != nil || binary != nil || draw != nil else {
      let near = nearest(to: name, in: Self.functions).map { "; did you mean \(quoted: $0)?" } ?? ""
      throw Expression.Failure(
        message: "unknown function \(quoted: name)\(near) (known: \(Self.functions.joined(separator: ", ")))")
    }
    try expect("(")
    var arguments = [try sum(depth: depth + 1)]
    while take([","]) != nil { arguments.append(try sum(depth: depth + 1)) }
    try expect(")")
    func require(_ isRight: Bool, _ numbers: String) throws(Expression.Failure) {
      guard isRight else { throw Expression.Failure(message: "\(name) takes \(numbers)") }
    }
    if let unary {
      try require(arguments.count == 1, "one number")
      return .unary(unary, arguments[0])
    }
    if let binary {
      if binary == .pow {
        try require(arguments.count == 2, "two numbers, the base and the exponent")
      } else {
        try require(arguments.count >= 2, "at least two numbers")
      }
      return arguments.dropFirst().reduce(arguments[0]) { .binary(binary, $0, $1) }
    }
    guard let draw else { throw unexpected("a function") }
    try require(
      arguments.count == draw.parameters.count,
      "\(draw.parameters.count) numbers: \(draw.parameters.joined(separator: ", "))")
    return .draw(draw, arguments)
  }

  /// Parses a number by JSON's grammar, which does not allow 010 and .5.
  private mutating func number() throws(Expression.Failure) -> Expression.Node {
    var text = word { $0.isNumber || $0 == "." || $0 == "e" || $0 == "E" }
    if text.last == "e" || text.last == "E", position < characters.count, "+-".contains(characters[position]) {
      text.append(characters[position])
      position += 1
      text += word(while: \.isNumber)
    }
    guard let value = JSONNumber.parse(text) else {
      throw Expression.Failure(message: "\(quoted: text) is not a number")
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
