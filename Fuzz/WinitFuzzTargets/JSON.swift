// JSON values and their canonical form.

import WinitJSON

extension FuzzTarget {
  /// What is read and written canonically reads back as the same, in each of the three layouts.
  static let json = FuzzTarget("json") { bytes in
    let value: JSONValue
    do throws(JSONError) { value = try JSONValue(parsing: bytes) } catch {
      try expect((0...bytes.count).contains(error.offset), "the error lies at \(error.offset)")
      try expect((try? JSONValue(parsingIntegers: bytes)) == nil, "only integers, and yet refused as JSON")
      return .refused(error.description)
    }
    let canonical = value.canonical
    for text in [canonical, value.compact, value.pretty] {
      let again = try JSONValue(parsing: text)
      try expect(same(again.canonical, canonical), "`\(text)` is not `\(canonical)`")
    }
    if let integers = try? JSONValue(parsingIntegers: bytes) {
      try expect(same(integers.canonical, canonical), "integers are read otherwise")
    }
    return .accepted
  }
}
