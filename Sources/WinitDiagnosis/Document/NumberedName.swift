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
    var texts: [String] = []
    var numbers: [Int] = []
    var text = String.UnicodeScalarView()
    var digits = String.UnicodeScalarView()
    func isCanonical() -> Bool {
      !digits.isEmpty && digits.count <= NumberedName.maximumDigits && (digits.first != "0" || digits.count == 1)
    }
    func endNumber() {
      if isCanonical(), let number = Int(String(digits)) {
        texts.append(String(text))
        numbers.append(number)
        text = String.UnicodeScalarView()
      } else {
        text.append(contentsOf: digits)
      }
      digits = String.UnicodeScalarView()
    }
    for scalar in name.unicodeScalars {
      if ("0"..."9").contains(scalar) {
        digits.append(scalar)
      } else {
        endNumber()
        text.append(scalar)
      }
    }
    endNumber()
    texts.append(String(text))
    let isFoldable = numbers.count <= maximumNumbers
    (self.texts, self.numbers) = (isFoldable ? texts : [name], isFoldable ? numbers : [])
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
