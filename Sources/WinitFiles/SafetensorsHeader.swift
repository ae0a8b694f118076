// The reader of safetensors headers, which is at least as strict as the reference reader.

package import WinitCore
import WinitJSON

/// The header of a .safetensors file: the tensors of the file and their positions.
package struct SafetensorsHeader {
  /// A tensor of the file.
  package struct Entry {
    package let name: TensorName
    package let dtype: DType
    package let shape: Shape
    /// The range of the tensor's bytes in the file.
    package let range: Range<Int>
  }

  /// The tensors in the order of the header.
  package let entries: [Entry]
  /// The members of `__metadata__`, in the order of the header. The reference reader takes null for no metadata.
  package let metadata: [(key: String, value: String)]

  /// The maximum length of a header, as in the reference reader.
  private static let maximumLength = 100_000_000

  /// Reads the header of a file, and checks that the tensors cover the rest of the file without gaps or overlaps.
  ///
  /// - Throws: `FormatError`, or `FileError` if the file cannot be read.
  package init(_ file: InputFile) throws {
    try self.init(path: file.path, size: file.size) { try file.bytes(at: $0, count: $1) }
  }

  /// Reads the header of a file of `size` bytes with a function that reads bytes at an offset. The function is never
  /// called for bytes beyond `size`.
  package init(
    path: String, size: Int, read: (_ offset: Int, _ count: Int) throws -> [UInt8]
  ) throws {
    func fail(_ problem: SafetensorsProblem) -> FormatError { FormatError(path, .safetensors(problem)) }
    guard size >= 8 else { throw fail(.tooShort(size: size)) }
    let prefix = try read(0, 8)
    let length = prefix.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= Self.maximumLength else {
      throw fail(.headerTooLong(length, limit: Self.maximumLength))
    }
    guard Int(length) <= size - 8 else {
      throw fail(.headerTruncated(length, available: size - 8))
    }
    let text = try read(8, Int(length))
    guard text.first == UInt8(ascii: "{") else { throw fail(.noOpeningBrace) }
    let json: JSONValue
    do { json = try JSONValue(parsingIntegers: text) } catch { throw fail(.json(error)) }

    let start = 8 + Int(length)
    var entries: [Entry] = []
    var metadata: [(key: String, value: String)] = []
    for member in json.objectValue ?? [] {
      if member.key == "__metadata__" {
        if case .null = member.value { continue }
        guard let items = member.value.objectValue else { throw fail(.metadataNotAnObject) }
        metadata = try items.map { item in
          guard let value = item.value.stringValue else { throw fail(.metadataNotAString(key: item.key)) }
          return (item.key, value)
        }
      } else {
        entries.append(try Self.entry(member, dataStart: start, fileSize: size) { fail(.tensor(member.key, $0)) })
      }
    }
    var end = start
    for entry in entries.sorted(by: {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }) {
      guard entry.range.lowerBound == end else {
        throw fail(
          .gapOrOverlap(entry.name, begin: entry.range.lowerBound - start, expected: end - start))
      }
      end = entry.range.upperBound
    }
    guard end == size else { throw fail(.trailingBytes(end: end, size: size)) }
    self.entries = entries
    self.metadata = metadata
  }

  /// Reads the entry of a tensor.
  private static func entry(
    _ member: JSONValue.Member, dataStart: Int, fileSize: Int,
    _ fail: (SafetensorsProblem.TensorProblem) -> FormatError
  ) throws -> Entry {
    guard let code = member.value["dtype"]?.stringValue else { throw fail(.noDType) }
    guard let numbers = member.value["shape"]?.arrayValue else { throw fail(.noShape) }
    let dims = numbers.compactMap(\.integerValue)
    guard dims.count == numbers.count else { throw fail(.shapeNotIntegers) }
    let shape: Shape
    do { shape = try Shape(dims) } catch { throw fail(.shape(error)) }
    let positions = member.value["data_offsets"]?.arrayValue ?? []
    let offsets = positions.compactMap(\.integerValue)
    guard positions.count == 2, offsets.count == 2, offsets[0] >= 0, offsets[1] >= offsets[0] else {
      throw fail(.badOffsets)
    }
    guard offsets[1] <= fileSize - dataStart else {
      throw fail(.pastEnd(end: offsets[1], available: fileSize - dataStart))
    }
    guard let dtype = DType(safetensorsCode: code) else { throw fail(.unknownDType(code: code)) }
    guard shape.fillsWholeBytes(dtype) else { throw fail(.notWholeBytes(code: code, shape)) }
    let size = shape.byteCount(dtype)
    guard size == offsets[1] - offsets[0] else {
      throw fail(.wrongSize(code: code, shape, expected: size, found: offsets[1] - offsets[0]))
    }
    return Entry(
      name: TensorName(member.key), dtype: dtype, shape: shape,
      range: dataStart + offsets[0]..<dataStart + offsets[1])
  }
}
