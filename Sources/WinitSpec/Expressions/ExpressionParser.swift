// The parser of expressions.

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
    guard take([character]) != nil else { throw unexpected("`\(character)`") }
  }

  private mutating func unexpected(_ wanted: String) -> Expression.Failure {
    let found = peek().map { "`\($0)`" } ?? "end"
    return Expression.Failure(message: "unexpected \(found), \(wanted) was expected")
  }

  mutating func end() throws(Expression.Failure) {
    guard peek() == nil else { throw unexpected("an operator or the end") }
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
    guard depth < 100 else { throw Expression.Failure(message: "nested too deeply") }
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
        message: name == "sqrt" ? "sqrt takes one number" : "\(name) takes at least two numbers")
    }
    return .call(name, arguments)
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
