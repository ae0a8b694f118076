// The nearest known word, for errors about unknown ones.

/// The candidate with the least edit distance to a word, if it is near enough to be what was meant.
package func nearest(to word: String, in candidates: some Sequence<String>) -> String? {
  let word = Array(word.lowercased())
  let best = candidates.map { ($0, editDistance(word, Array($0.lowercased()))) }.min { $0.1 < $1.1 }
  guard let (candidate, distance) = best, distance <= max(1, word.count / 3), distance < word.count else {
    return nil
  }
  return candidate
}

/// Levenshtein's distance with swaps of neighbours counted as one (optimal string alignment).
private func editDistance(_ a: [Character], _ b: [Character]) -> Int {
  var beforeLast = [Int](repeating: 0, count: b.count + 1)
  var last = Array(0...b.count)
  for i in 1..<(a.count + 1) {
    var row = [i] + [Int](repeating: 0, count: b.count)
    for j in 1..<(b.count + 1) {
      row[j] = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
      if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
        row[j] = min(row[j], beforeLast[j - 2] + 1)
      }
    }
    (beforeLast, last) = (last, row)
  }
  return last[b.count]
}
