// Reading the members of a JSON document with the path of each, for errors.

import WinitJSON

/// An object of a document. Unknown members are ignored. A member that may be null may also be missing.
struct DocumentReader {
  private let value: JSONValue
  /// The path of the object, such as `tensors[3]`; empty for the document.
  private let path: String

  /// Creates a reader of a value that must be an object.
  init(_ value: JSONValue, at path: String) throws(DocumentError) {
    (self.value, self.path) = (value, path)
    guard case .object = value else {
      throw .member(path: path.isEmpty ? "document" : path, problem: "is \(value.kindName), and must be an object")
    }
  }

  /// Returns the member with a key, or nil if it is null or missing.
  private func member(_ key: String) -> JSONValue? {
    guard let member = value[key] else { return nil }
    if case .null = member { return nil }
    return member
  }

  private func fullPath(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  func error(_ key: String, _ problem: String) -> DocumentError { .member(path: fullPath(key), problem: problem) }

  private func wrongType(_ key: String, _ found: JSONValue, _ expected: String) -> DocumentError {
    error(key, "is \(found.kindName), and must be \(expected)")
  }

  private func required<Value>(_ key: String, _ value: Value?, _ expected: String) throws(DocumentError) -> Value {
    guard let value else { throw error(key, "is missing, and must be \(expected)") }
    return value
  }

  func optionalText(_ key: String) throws(DocumentError) -> String? {
    guard let member = member(key) else { return nil }
    guard let text = member.stringValue else { throw wrongType(key, member, "a string") }
    return text
  }

  func text(_ key: String) throws(DocumentError) -> String { try required(key, optionalText(key), "a string") }

  func flag(_ key: String, default missing: Bool) throws(DocumentError) -> Bool {
    guard let member = member(key) else { return missing }
    guard let flag = member.boolValue else { throw wrongType(key, member, "true or false") }
    return flag
  }

  func optionalNumber(_ key: String) throws(DocumentError) -> Double? {
    guard let member = member(key) else { return nil }
    guard let number = member.numberValue else { throw wrongType(key, member, "a number or null") }
    return number
  }

  /// Reads a number in a range.
  func optionalNumber(_ key: String, in range: NumberRange) throws(DocumentError) -> Double? {
    guard let number = try optionalNumber(key) else { return nil }
    guard range.contains(number) else { throw error(key, "is the number \(number), and must be \(range.description)") }
    return number
  }

  /// Reads a number in a range, which is NaN if it is null or missing.
  func number(_ key: String, in range: NumberRange) throws(DocumentError) -> Double {
    try optionalNumber(key, in: range) ?? .nan
  }

  /// Reads a number that is NaN if it is null or missing, because JSON has no numbers that are not finite.
  func number(_ key: String) throws(DocumentError) -> Double { try optionalNumber(key) ?? .nan }

  func finiteNumber(_ key: String) throws(DocumentError) -> Double {
    try required(key, optionalNumber(key), "a number")
  }

  /// Reads a number of things: an integer from 0 to 2⁵³.
  func optionalCount(_ key: String) throws(DocumentError) -> Int? {
    guard let member = member(key) else { return nil }
    guard let count = member.count else { throw wrongType(key, member, "an integer from 0 to 2⁵³") }
    return count
  }

  func count(_ key: String) throws(DocumentError) -> Int {
    try required(key, optionalCount(key), "an integer from 0 to 2⁵³")
  }

  /// Reads a list of integers from 0 to 2⁵³ that has at most `limit` of them.
  func counts(_ key: String, limit: Int) throws(DocumentError) -> [Int] {
    let expected = "a list of integers from 0 to 2⁵³"
    let member = try required(key, member(key), expected)
    guard let list = member.arrayValue else { throw wrongType(key, member, expected) }
    guard list.count <= limit else { throw error(key, "has \(list.count) numbers, and can have at most \(limit)") }
    var counts: [Int] = []
    counts.reserveCapacity(list.count)
    for (i, element) in list.enumerated() {
      guard let count = element.count else {
        throw wrongType("\(key)[\(i)]", element, "an integer from 0 to 2⁵³")
      }
      counts.append(count)
    }
    return counts
  }

  /// Reads a word of a fixed list.
  func word<Word: RawRepresentable<String> & CaseIterable>(_ key: String) throws(DocumentError) -> Word {
    let text = try text(key)
    guard let word = Word(rawValue: text) else {
      let known = Word.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")
      throw error(key, "is \(quoted: text), and must be one of \(known)")
    }
    return word
  }

  func optionalObject(_ key: String) throws(DocumentError) -> DocumentReader? {
    guard let member = member(key) else { return nil }
    return try DocumentReader(member, at: fullPath(key))
  }

  func object(_ key: String) throws(DocumentError) -> DocumentReader {
    try required(key, optionalObject(key), "an object")
  }

  /// Returns an object as it is.
  func optionalValue(_ key: String) throws(DocumentError) -> JSONValue? { try optionalObject(key)?.value }

  /// Reads a list of objects; a missing list is empty.
  func objects<Element>(
    _ key: String, _ read: (DocumentReader) throws(DocumentError) -> Element
  ) throws(DocumentError) -> [Element] {
    var elements: [Element] = []
    for (i, element) in try list(key).enumerated() {
      elements.append(try read(DocumentReader(element, at: "\(fullPath(key))[\(i)]")))
    }
    return elements
  }

  /// Reads a list of strings; a missing list is empty.
  func texts(_ key: String) throws(DocumentError) -> [String] {
    var texts: [String] = []
    for (i, element) in try list(key).enumerated() {
      guard let text = element.stringValue else { throw wrongType("\(key)[\(i)]", element, "a string") }
      texts.append(text)
    }
    return texts
  }

  private func list(_ key: String) throws(DocumentError) -> [JSONValue] {
    guard let member = member(key) else { return [] }
    guard let list = member.arrayValue else { throw wrongType(key, member, "a list") }
    return list
  }
}

/// The numbers that a member can have.
enum NumberRange: String {
  /// A standard deviation, a norm or another root of a mean square.
  case notNegative = "a number that is not negative"
  case fraction = "a number from 0 to 1"
  /// A cosine, which the rounding of sums can bring a little beyond 1.
  case cosine = "a number from -1 to 1"

  var description: String { rawValue }

  func contains(_ number: Double) -> Bool {
    switch self {
    case .notNegative: number >= 0
    case .fraction: (0...1).contains(number)
    case .cosine: abs(number) <= 1 + 1e-6
    }
  }
}

extension JSONValue {
  /// The value as an integer from 0 to 2⁵³; nil for anything else.
  fileprivate var count: Int? { integerValue.flatMap { $0 >= 0 ? $0 : nil } }

  /// What the value is, for errors.
  fileprivate var kindName: String {
    switch self {
    case .null: "null"
    case .bool: "true or false"
    case .number(let number): "the number \(number)"
    case .string: "a string"
    case .array: "a list"
    case .object: "an object"
    }
  }
}
