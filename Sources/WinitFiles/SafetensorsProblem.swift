// Errors of safetensors headers.

package import WinitCore
package import WinitJSON

/// What is wrong with the header of a safetensors file.
package enum SafetensorsProblem: Equatable, Sendable, CustomStringConvertible {
  /// The file is shorter than the length of the header.
  case tooShort(size: Int)
  /// The length of the header is above the limit of the format.
  case headerTooLong(UInt64, limit: Int)
  /// The length of the header is above the size of the rest of the file.
  case headerTruncated(UInt64, available: Int)
  /// The header does not begin with `{`.
  case noOpeningBrace
  /// The header is not JSON.
  case json(JSONError)
  /// `__metadata__` is not an object.
  case metadataNotAnObject
  /// A value of `__metadata__` is not a string.
  case metadataNotAString(key: String)
  /// The entry of a tensor is not valid.
  case tensor(String, TensorProblem)
  /// A tensor does not begin where the tensor before it ends. Offsets count from the beginning of the data.
  case gapOrOverlap(TensorName, begin: Int, expected: Int)
  /// The tensors end before the file ends.
  case trailingBytes(end: Int, size: Int)

  /// What is wrong with the entry of a tensor.
  package enum TensorProblem: Equatable, Sendable {
    case noDType
    case noShape
    case shapeNotIntegers
    case shape(ShapeError)
    case badOffsets
    /// The tensor ends after the end of the data.
    case pastEnd(end: Int, available: Int)
    case unknownDType(code: String)
    /// The number of bits of the tensor is not a multiple of 8.
    case notWholeBytes(code: String, Shape)
    /// The offsets span another number of bytes than dtype and shape give.
    case wrongSize(code: String, Shape, expected: Int, found: Int)
  }

  package var description: String {
    switch self {
    case .tooShort(let size): "the file has \(size) bytes, fewer than the 8 bytes of the header's length"
    case .headerTooLong(let length, let limit):
      "the length of the header is \(length) bytes; the format allows \(limit)"
    case .headerTruncated(let length, let available):
      "the length of the header is \(length) bytes, but only \(available) bytes follow"
    case .noOpeningBrace: "the header does not begin with `{`"
    case .json(let error): "the header is \(error)"
    case .metadataNotAnObject: "__metadata__ is not an object"
    case .metadataNotAString(let key): "the value of \(quoted: key) in __metadata__ is not a string"
    case .tensor(let name, let problem): "tensor \(quoted: name): \(problem)"
    case .gapOrOverlap(let name, let begin, let expected):
      "tensor \(quoted: name) begins at byte \(begin) of the data, but byte \(expected) was expected: tensors must not overlap or leave gaps"
    case .trailingBytes(let end, let size): "the tensors end at byte \(end), but the file ends at byte \(size)"
    }
  }
}

extension SafetensorsProblem.TensorProblem: CustomStringConvertible {
  package var description: String {
    switch self {
    case .noDType: "it has no dtype"
    case .noShape: "it has no shape"
    case .shapeNotIntegers: "its shape is not a list of integers"
    case .shape(let error): "\(error)"
    case .badOffsets: "its data_offsets are not two positions in ascending order"
    case .pastEnd(let end, let available):
      "its data_offsets end at \(end), but the file has only \(available) bytes of data; the file is probably truncated"
    case .unknownDType(let code): "the format has no dtype \(quoted: code)"
    case .notWholeBytes(let code, let shape):
      "a \(code) tensor of shape \(shape) does not fill a whole number of bytes"
    case .wrongSize(let code, let shape, let expected, let found):
      "a \(code) tensor of shape \(shape) has \(expected) bytes, but its data_offsets span \(found)"
    }
  }
}
