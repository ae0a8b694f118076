// A tensor name as text with numbers in it.

/// A name as texts and the numbers between them: `h.0.attn` is `h.`, 0, `.attn`.
struct NumberedName {
  /// The texts around the numbers, one more than there are numbers.
  let texts: [String]
  let numbers: [Int]

  /// The maximum number of digits of a number.
  private static let maximumDigits = 9

  /// The maximum number of ranges in a label.
  private static let maximumRanges = 12

  /// Splits a name. A number is written in decimal digits without a zero before them. The name is a single text if it
  /// has more numbers than `maximumNumbers`.
  init(_ name: String, maximumNumbers: Int) {
    let bytes = Array(name.utf8)
    var texts: [String] = []
    var numbers: [Int] = []
    var textStart = 0
    for digits in NumberedName.digits(in: bytes) {
      guard let number = NumberedName.number(bytes[digits]) else { continue }
      guard numbers.count < maximumNumbers else {
        (self.texts, self.numbers) = ([name], [])
        return
      }
      texts.append(String(decoding: bytes[textStart..<digits.lowerBound], as: UTF8.self))
      numbers.append(number)
      textStart = digits.upperBound
    }
    texts.append(String(decoding: bytes[textStart...], as: UTF8.self))
    (self.texts, self.numbers) = (texts, numbers)
  }

  /// Returns where the sequences of decimal digits are in the bytes of a name.
  static func digits(in bytes: [UInt8]) -> [Range<Int>] {
    var places: [Range<Int>] = []
    var start: Int?
    for (i, byte) in bytes.enumerated() {
      let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      if isDigit, start == nil { start = i }
      if !isDigit, let first = start {
        places.append(first..<i)
        start = nil
      }
    }
    if let start { places.append(start..<bytes.count) }
    return places
  }

  /// Returns the number that digits write; nil for too many digits, or for a zero before others.
  private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
    guard digits.count <= maximumDigits, digits.first != UInt8(ascii: "0") || digits.count == 1 else { return nil }
    return digits.reduce(0) { 10 * $0 + Int($1 - UInt8(ascii: "0")) }
  }

  func numbers(without position: Int) -> [Int] { Array(numbers[..<position] + numbers[(position + 1)...]) }

  /// Returns the name with the sets of numbers of a family.
  func label(with family: [[Int]]) -> String {
    var label = texts[0]
    for i in numbers.indices { label += NumberedName.label(of: Set(family.map { $0[i] })) + texts[i + 1] }
    return label
  }

  private static func label(of numbers: Set<Int>) -> String {
    let sorted = numbers.sorted()
    guard sorted.count > 1 else { return sorted.first.map(String.init) ?? "" }
    let steps = Set(zip(sorted, sorted.dropFirst()).map { $1 - $0 })
    if steps == [1] { return "{\(sorted[0])-\(sorted[sorted.count - 1])}" }
    if steps.count == 1, sorted.count > 3 { return "{\(sorted[0]),\(sorted[1]),...,\(sorted[sorted.count - 1])}" }
    let ranges = ranges(of: sorted)
    let rest = ranges.count - maximumRanges
    if rest > 0 { return "{\(ranges.prefix(maximumRanges).joined(separator: ",")), and \(rest) more}" }
    return "{\(ranges.joined(separator: ","))}"
  }

  /// Returns ascending numbers as ranges and single numbers: `0-3`, `7`.
  private static func ranges(of sorted: [Int]) -> [String] {
    var ranges: [ClosedRange<Int>] = []
    for number in sorted {
      if let last = ranges.last, last.upperBound + 1 == number {
        ranges[ranges.count - 1] = last.lowerBound...number
      } else {
        ranges.append(number...number)
      }
    }
    return ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
  }
}
