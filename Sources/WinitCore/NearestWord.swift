// The nearest known word, for errors about unknown ones.

/// The candidate with the least edit distance to a word, if it is near enough to be what was meant. None for words of
/// more than 200 bytes, whose distances would take long.
package func nearest(to word: String, in candidates: some Sequence<String>) -> String? {
  guard word.utf8.count <= 200 else { return nil }
  let word = Array(word.lowercased().unicodeScalars)
  let enough = min(max(1, word.count / 3), word.count - 1)
  var best: (candidate: String, distance: Int)?
  for candidate in candidates where candidate.utf8.count <= 4 * (word.count + enough) {
    let scalars = Array(candidate.lowercased().unicodeScalars)
    // Each letter that one has more is a step.
    guard abs(scalars.count - word.count) <= enough else { continue }
    let distance = editDistance(word, scalars)
    if distance <= enough, distance < best?.distance ?? .max { best = (candidate, distance) }
  }
  return best?.candidate
}

/// Levenshtein's distance with swaps of neighbours counted as one (optimal string alignment).
private func editDistance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
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
