// The nearest known word, for the "did you mean" of errors about unknown words.

/// Returns the candidate with the smallest edit distance to a word, or nil if the word is not a likely typo of any
/// candidate.
///
/// A word of more than 200 bytes has no nearest word, because its distances would take long to compute.
package func nearest(to word: String, in candidates: some Sequence<String>) -> String? {
  guard word.utf8.count <= 200 else { return nil }
  let word = Array(word.lowercased().unicodeScalars)
  let limit = min(max(1, word.count / 3), word.count - 1)
  var best: (candidate: String, distance: Int)?
  for candidate in candidates where candidate.utf8.count <= 4 * (word.count + limit) {
    let scalars = Array(candidate.lowercased().unicodeScalars)
    // The distance is at least the difference of the lengths.
    guard abs(scalars.count - word.count) <= limit else { continue }
    let distance = editDistance(word, scalars)
    if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
  }
  return best?.candidate
}

/// Returns Levenshtein's distance with a swap of adjacent letters counted as one edit (optimal string alignment).
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
