// Names of files for pictures, made from names of tensors.

/// Names of files that any file system can keep.
struct FigureNames {
  private static let maximumLength = 100
  private var taken: Set<String> = []

  /// Returns a name for a text from a document, with `.svg`: letters, digits, `.`, `_` and `-` stay, anything else is
  /// `_`, and a name that is taken gets a number.
  mutating func name(_ text: String) -> String {
    var stem = ""
    for scalar in text.unicodeScalars where stem.utf8.count < FigureNames.maximumLength {
      let isKept = scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
      if isKept || scalar == "-" || (scalar == "." && stem.last != ".") {
        stem.unicodeScalars.append(scalar)
      } else if scalar != ".", stem.last != "_" {
        stem += "_"
      }
    }
    while let last = stem.last, "._-".contains(last) { stem.removeLast() }
    while let first = stem.first, "._-".contains(first) { stem.removeFirst() }
    if stem.isEmpty { stem = "picture" }
    var (name, number) = (stem, 2)
    while !taken.insert(name.lowercased()).inserted {
      name = "\(stem)-\(number)"
      number += 1
    }
    return name + ".svg"
  }
}
