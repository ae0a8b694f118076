// The columns that a text takes in a terminal.

/// Returns the number of columns that a text takes in a terminal: two for a wide character (Chinese, Japanese, Korean,
/// most emoji), none for a combining character, and one for any other.
func displayWidth(_ text: String) -> Int {
  if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
  return text.unicodeScalars.reduce(0) { $0 + displayWidth($1) }
}

private func displayWidth(_ scalar: Unicode.Scalar) -> Int {
  // Latin, Greek and Cyrillic letters need no look at the tables.
  if scalar.value < 0x300 { return 1 }
  // The middle and the end of a Korean syllable join its beginning.
  if (0x1160...0x11FF).contains(scalar.value) { return 0 }
  switch scalar.properties.generalCategory {
  case .nonspacingMark, .enclosingMark: return 0
  default: return isWide(scalar.value) ? 2 : 1
  }
}

/// Returns whether a character is wide or full width: East_Asian_Width of Unicode 14. Unassigned characters between
/// wide characters count as wide, as later versions assign them.
private func isWide(_ value: UInt32) -> Bool {
  var (low, high) = (0, wideRanges.count)
  while low < high {
    let middle = (low + high) / 2
    if wideRanges[middle].upperBound < value { low = middle + 1 } else { high = middle }
  }
  return low < wideRanges.count && wideRanges[low].contains(value)
}

/// The ranges of wide characters, in ascending order.
private let wideRanges: [ClosedRange<UInt32>] = [
  0x1100...0x115F, 0x231A...0x231B, 0x2329...0x232A, 0x23E9...0x23EC, 0x23F0...0x23F0, 0x23F3...0x23F3,
  0x25FD...0x25FE, 0x2614...0x2615, 0x2648...0x2653, 0x267F...0x267F, 0x2693...0x2693, 0x26A1...0x26A1,
  0x26AA...0x26AB, 0x26BD...0x26BE, 0x26C4...0x26C5, 0x26CE...0x26CE, 0x26D4...0x26D4, 0x26EA...0x26EA,
  0x26F2...0x26F3, 0x26F5...0x26F5, 0x26FA...0x26FA, 0x26FD...0x26FD, 0x2705...0x2705, 0x270A...0x270B,
  0x2728...0x2728, 0x274C...0x274C, 0x274E...0x274E, 0x2753...0x2755, 0x2757...0x2757, 0x2795...0x2797,
  0x27B0...0x27B0, 0x27BF...0x27BF, 0x2B1B...0x2B1C, 0x2B50...0x2B50, 0x2B55...0x2B55, 0x2E80...0x303E,
  0x3041...0x3247, 0x3250...0x4DBF, 0x4E00...0xA4C6, 0xA960...0xA97C, 0xAC00...0xD7A3, 0xF900...0xFAD9,
  0xFE10...0xFE19, 0xFE30...0xFE6B, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x1B2FB, 0x1F004...0x1F004,
  0x1F0CF...0x1F0CF, 0x1F18E...0x1F18E, 0x1F191...0x1F19A, 0x1F200...0x1F320, 0x1F32D...0x1F335,
  0x1F337...0x1F37C, 0x1F37E...0x1F393, 0x1F3A0...0x1F3CA, 0x1F3CF...0x1F3D3, 0x1F3E0...0x1F3F0,
  0x1F3F4...0x1F3F4, 0x1F3F8...0x1F43E, 0x1F440...0x1F440, 0x1F442...0x1F4FC, 0x1F4FF...0x1F53D,
  0x1F54B...0x1F54E, 0x1F550...0x1F567, 0x1F57A...0x1F57A, 0x1F595...0x1F596, 0x1F5A4...0x1F5A4,
  0x1F5FB...0x1F64F, 0x1F680...0x1F6C5, 0x1F6CC...0x1F6CC, 0x1F6D0...0x1F6D2, 0x1F6D5...0x1F6DF,
  0x1F6EB...0x1F6EC, 0x1F6F4...0x1F6FC, 0x1F7E0...0x1F7F0, 0x1F90C...0x1F93A, 0x1F93C...0x1F945,
  0x1F947...0x1F9FF, 0x1FA70...0x1FAFF, 0x20000...0x3FFFD,
]

/// Where the characters that a shortened text loses were.
enum ShorteningPlace {
  case middle, end
}

/// Returns a text of at most `width` columns, with `…` in place of the characters that it loses.
func shortened(_ text: String, to width: Int, at place: ShorteningPlace) -> String {
  let total = displayWidth(text)
  guard total > width else { return text }
  guard width > 1 else { return width == 1 ? "…" : "" }
  let tail = place == .end ? 0 : (width - 1) / 2
  let head = width - 1 - tail
  // A combining character stays with the character before it.
  let ending = String(prefix(of: text.reversed(), width: tail).reversed())
  return prefix(of: text, width: head) + "…" + ending
}

/// Returns the characters of at most `width` columns at the start of a text.
private func prefix(of text: some Sequence<Character>, width: Int) -> String {
  var (result, rest) = ("", width)
  for character in text {
    rest -= displayWidth(String(character))
    if rest < 0 { break }
    result.append(character)
  }
  return result
}

/// Returns the lines of a text that is broken at spaces into lines of at most `width` columns.
///
/// - Parameter breaksWords: whether a longer word is broken too. Otherwise it has a line of its own.
func wrapped(_ text: String, to width: Int, breaksWords: Bool) -> [String] {
  guard displayWidth(text) > width else { return [text] }
  var lines: [String] = []
  var (line, length) = ("", 0)
  for var word in text.split(separator: " ") {
    var size = displayWidth(String(word))
    if !line.isEmpty, length + 1 + size <= width {
      line += " " + word
      length += 1 + size
      continue
    }
    if !line.isEmpty { lines.append(line) }
    while breaksWords, size > width {
      let piece = prefix(of: word, width: max(width, 2))
      guard !piece.isEmpty else { break }
      lines.append(piece)
      word = word.dropFirst(piece.count)
      size = displayWidth(String(word))
    }
    (line, length) = (String(word), size)
  }
  return lines + (line.isEmpty && !lines.isEmpty ? [] : [line])
}
