// Patterns on tensor names.

/// A pattern in which `*` stands for any run of characters, dots included, and `?` for one; everything else is
/// itself. It must match the whole name.
struct Glob: Sendable {
  let text: String
  private let pattern: [Unicode.Scalar]

  init(_ text: String) {
    self.text = text
    pattern = Array(text.unicodeScalars)
  }

  /// Remembers the last `*` and lets it grow where what follows fails; at most pattern × name steps.
  func matches(_ name: String) -> Bool {
    let name = Array(name.unicodeScalars)
    var (p, n) = (0, 0)
    var star: (pattern: Int, name: Int)?
    while n < name.count {
      if p < pattern.count, pattern[p] == "*" {
        star = (p, n)
        p += 1
      } else if p < pattern.count, pattern[p] == "?" || pattern[p] == name[n] {
        p += 1
        n += 1
      } else if let last = star {
        star = (last.pattern, last.name + 1)
        p = last.pattern + 1
        n = last.name + 1
      } else {
        return false
      }
    }
    return pattern[p...].allSatisfy { $0 == "*" }
  }
}
