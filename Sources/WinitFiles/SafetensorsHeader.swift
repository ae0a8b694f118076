// Reading a safetensors header, as strictly as the reference reader does.

package import WinitCore
import WinitJSON

/// The header of a .safetensors file: which tensors it holds, and where.
package struct SafetensorsHeader {
  package struct Entry {
    package let name: TensorName
    /// The dtype's code; `dtype` is nil where this version does not support it.
    package let code: String
    package let dtype: DType?
    package let shape: Shape
    /// Where the tensor's bytes lie in the file.
    package let range: Range<Int>
  }

  /// In the header's order.
  package let entries: [Entry]

  /// The reference reader's limit on a header's length.
  private static let maximumLength = 100_000_000

  /// Reads the header of a file, and checks that the tensors cover the rest of it without gaps or overlaps.
  package init(_ file: InputFile) throws {
    try self.init(path: file.path, size: file.size) { try file.bytes(at: $0, count: $1) }
  }

  /// The same of bytes that come some other way; none beyond `size` are asked for.
  package init(
    path: String, size: Int, read: (_ offset: Int, _ count: Int) throws -> [UInt8]
  ) throws {
    func fail(_ problem: String) -> FormatError {
      FormatError(path, "not a safetensors file: \(problem)")
    }
    guard size >= 8 else {
      throw fail("it has \(size) bytes, fewer than the 8 of a header's length")
    }
    let prefix = try read(0, 8)
    let length = prefix.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= Self.maximumLength else {
      throw fail("its header claims \(length) bytes; the format allows \(Self.maximumLength)")
    }
    guard Int(length) <= size - 8 else {
      throw fail("its header claims \(length) bytes, but only \(size - 8) follow")
    }
    let text = try read(8, Int(length))
    guard text.first == UInt8(ascii: "{") else { throw fail("its header does not begin with `{`") }
    let json: JSONValue
    do { json = try JSONValue(parsingIntegers: text) } catch { throw fail("its header is \(error)") }

    let start = 8 + Int(length)
    var entries: [Entry] = []
    for member in json.objectValue ?? [] {
      if member.key == "__metadata__" {
        for item in member.value.objectValue ?? [] where item.value.stringValue == nil {
          throw fail("__metadata__ `\(item.key)` is not a string")
        }
        guard member.value.objectValue != nil else { throw fail("__metadata__ is not an object") }
      } else {
        entries.append(try Self.entry(member, dataStart: start, fileSize: size, fail))
      }
    }
    var end = start
    for entry in entries.sorted(by: {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }) {
      guard entry.range.lowerBound == end else {
        throw fail(
          "tensor `\(entry.name)` begins at byte \(entry.range.lowerBound - start) of the data, where \(end - start) is due: tensors must neither overlap nor leave gaps"
        )
      }
      end = entry.range.upperBound
    }
    guard end == size else { throw fail("its tensors end at byte \(end), the file at \(size)") }
    self.entries = entries
  }

  private static func entry(
    _ member: JSONValue.Member, dataStart: Int, fileSize: Int, _ failFile: (String) -> FormatError
  ) throws -> Entry {
    func fail(_ problem: String) -> FormatError { failFile("tensor `\(member.key)`: \(problem)") }
    guard let code = member.value["dtype"]?.stringValue else { throw fail("it has no dtype") }
    guard let numbers = member.value["shape"]?.arrayValue else { throw fail("it has no shape") }
    let dims = numbers.compactMap(\.integerValue)
    guard dims.count == numbers.count else { throw fail("its shape is not a list of integers") }
    let shape: Shape
    do { shape = try Shape(dims) } catch { throw fail("\(error)") }
    let positions = member.value["data_offsets"]?.arrayValue ?? []
    let offsets = positions.compactMap(\.integerValue)
    guard positions.count == 2, offsets.count == 2, offsets[0] >= 0, offsets[1] >= offsets[0] else {
      throw fail("its data_offsets are not two positions in order")
    }
    guard offsets[1] <= fileSize - dataStart else {
      throw fail(
        "its data_offsets end at \(offsets[1]), but the file holds \(fileSize - dataStart) bytes of data: it was cut short"
      )
    }
    guard let bits = DType.bitCount(safetensorsCode: code) else {
      throw fail("the format has no dtype `\(code)`")
    }
    let (bitCount, overflow) = shape.elementCount.multipliedReportingOverflow(by: bits)
    guard !overflow, bitCount % 8 == 0 else {
      throw fail("a \(code) tensor of shape \(shape) is no whole number of bytes")
    }
    guard bitCount / 8 == offsets[1] - offsets[0] else {
      throw fail(
        "a \(code) tensor of shape \(shape) has \(bitCount / 8) bytes, but its data_offsets span \(offsets[1] - offsets[0])"
      )
    }
    return Entry(
      name: TensorName(member.key), code: code, dtype: DType(safetensorsCode: code), shape: shape,
      range: dataStart + offsets[0]..<dataStart + offsets[1])
  }
}
