// Errors of slices.

import WinitJSON

/// The reason why a slice cannot be read, or cannot be taken from a tensor.
package enum SliceError: Error, Equatable, CustomStringConvertible {
  /// The text of a slice is empty.
  case empty(String)
  /// An item of a slice is neither an integer nor a range.
  case notAnIndex(String, in: String)
  /// A bound of a range is not an integer.
  case notAnInteger(String, in: String)
  /// An item of a slice has a step.
  case step(String, in: String)
  /// The slice names more axes than the tensor has.
  case tooManyAxes(Slice, Shape)
  /// The slice begins or ends within a byte of packed elements.
  case splitsBytes(Slice, DType)
  /// A single index is outside its axis.
  case outOfRange(index: Int, axis: Int, Shape)

  /// The message for a person.
  package var description: String {
    switch self {
    case .empty(let text): "\(quoted: text) is not a slice: it is empty. Write `:` for a whole axis."
    case .notAnIndex(let item, let text):
      "\(quoted: text) is not a slice: \(quoted: item) is neither an integer nor a range such as `0:10`"
    case .notAnInteger(let bound, let text): "\(quoted: text) is not a slice: \(quoted: bound) is not an integer"
    case .step(let item, let text):
      "\(quoted: text) is not a slice: \(quoted: item) has a step, which is not supported. Write start:stop."
    case .tooManyAxes(let slice, let shape):
      "the slice \(quoted: slice) is for a rank of at least \(slice.axes.count), but the shape is \(shape)"
    case .splitsBytes(let slice, let dtype):
      "the slice \(quoted: slice) begins or ends within a byte, because elements of \(dtype) have \(dtype.bitCount) bits. Take whole bytes, or the whole tensor"
    case .outOfRange(let index, let axis, let shape):
      "index \(index) is out of range for axis \(axis) of \(shape), whose length is \(shape.dims[axis])"
    }
  }
}
