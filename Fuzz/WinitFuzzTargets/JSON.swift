// The JSON parser and writer.

import WinitJSON

extension FuzzTarget {
  /// A value that is written in any of the three forms is read back as the same value.
  static let json = FuzzTarget("json") { bytes in
    let value: JSONValue
    do throws(JSONError) { value = try JSONValue(parsing: bytes) } catch {
      try expect((0...bytes.count).contains(error.offset), "the offset of the error is \(error.offset)")
      try expect(
        (try? JSONValue(parsingIntegers: bytes)) == nil, "accepted as JSON with integers only, but refused as JSON")
      return .refused(error.description)
    }
    let canonical = value.canonical
    for text in [canonical, value.compact, value.pretty] {
      let again = try JSONValue(parsing: text)
      try expect(same(again.canonical, canonical), "`\(text)` is not the same value as `\(canonical)`")
    }
    if let integers = try? JSONValue(parsingIntegers: bytes) {
      try expect(same(integers.canonical, canonical), "the reader of integers gives another value")
    }
    return .accepted
  }
}
