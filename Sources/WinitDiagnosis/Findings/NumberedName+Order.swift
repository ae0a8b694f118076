// The order of names by the numbers in them.

extension NumberedName {
  /// Returns whether a name comes before another one, with numbers as numbers: `net.2` before `net.10`; nil for names
  /// that this order does not tell apart.
  func precedes(_ other: NumberedName) -> Bool? {
    for i in 0..<min(texts.count, other.texts.count) {
      if !texts[i].utf8.elementsEqual(other.texts[i].utf8) {
        return texts[i].utf8.lexicographicallyPrecedes(other.texts[i].utf8)
      }
      let left = i < numbers.count ? numbers[i] : -1
      let right = i < other.numbers.count ? other.numbers[i] : -1
      if left != right { return left < right }
    }
    return nil
  }
}
