// Sizes as a person types them.

import ArgumentParser

/// Reads a size such as `5GB`, `1.5gb` or `200 MB`, in powers of ten and with letters of any case, as huggingface_hub
/// does. A number without a unit is in bytes.
///
/// - Throws: `ValidationError` for any other text, and for a size below one byte.
@Sendable
func byteSize(_ text: String) throws -> Int {
  let units: [(name: String, factor: Double)] = [("KB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12)]
  let upper = text.uppercased()
  let unit = units.first { upper.hasSuffix($0.name) }
  let number = unit == nil ? Substring(upper) : upper.dropLast(2)
  let isNumber = number.trimmingSuffix(while: { $0 == " " }).allSatisfy { $0.isASCII && ($0.isNumber || $0 == ".") }
  guard isNumber, let value = Double(number.trimmingSuffix(while: { $0 == " " })),
    let size = Int(exactly: (value * (unit?.factor ?? 1)).rounded(.down)), size >= 1
  else { throw ValidationError("a size is a number with a unit, such as 5GB, 200MB or 64kB") }
  return size
}

extension Substring {
  fileprivate func trimmingSuffix(while condition: (Character) -> Bool) -> Substring {
    var rest = self
    while let last = rest.last, condition(last) { rest.removeLast() }
    return rest
  }
}
