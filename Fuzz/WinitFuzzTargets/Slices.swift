// The parser of slices, and the boxes that slices select.

import WinitCore

extension FuzzTarget {
  /// The input is a shape and a slice, such as `3,4;1:,-1`. A slice that is written is read back as the same slice, and
  /// its extents are in order, inside the tensor, and have as many elements as the result.
  static let slice = FuzzTarget("slice") { bytes in
    guard let text = text(bytes) else { return .refused("not UTF-8") }
    let parts = text.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false)
    let slice: Slice
    do throws(SliceError) { slice = try Slice(parsing: String(parts[parts.count - 1])) } catch {
      return .refused(error.description)
    }
    let written = slice.description
    try expect(
      try Slice(parsing: written) == slice, "`\(text)` is written as `\(written)`, which is read as another slice")
    let dims = parts.count == 2 ? parts[0].split(separator: ",").map { Int($0) } : []
    guard let shape = try? Shape(dims.compactMap(\.self)) else { return .refused("not a shape") }
    let box: Box
    do throws(SliceError) { box = try Box(slice, of: shape) } catch { return .refused(error.description) }
    try expect(box.ranges.count == shape.rank, "the box has ranges on \(box.ranges.count) axes")
    for (range, dim) in zip(box.ranges, shape.dims) {
      try expect(
        range.lowerBound >= 0 && range.upperBound <= dim, "the range \(range) is outside an axis of length \(dim)")
    }
    try expect(
      box.ranges.contains(where: \.isEmpty) == (box.resultShape.elementCount == 0),
      "the box is empty and the result is not, or the reverse")
    if shape.elementCount <= 4096, shape.rank <= 64 { try walk(box) }
    return .accepted
  }

  private static func walk(_ box: Box) throws {
    var (count, end) = (0, 0)
    var extents: [Range<Int>] = []
    for extent in box.extents {
      try expect(
        extent.lowerBound >= end && extent.upperBound <= box.shape.elementCount, "the extent \(extent) is out of order")
      (count, end) = (count + extent.count, extent.upperBound)
      extents.append(extent)
    }
    try expect(
      count == box.resultShape.elementCount,
      "the extents have \(count) elements, the result has the shape \(box.resultShape)")
    // The extents of two ranges of the tensor have the same elements.
    var found: [Range<Int>] = []
    var ordinal = 0
    var isInOrder = true
    let middle = box.shape.elementCount / 3
    for piece in [0..<middle, middle..<box.shape.elementCount] {
      box.forEachExtent(in: piece) { extent, index in
        isInOrder = isInOrder && index == ordinal && piece.contains(extent.lowerBound)
        ordinal += extent.count
        found.append(extent)
      }
    }
    try expect(isInOrder, "the extents \(found) are out of order")
    try expect(found.flatMap(Array.init) == extents.flatMap(Array.init), "\(found) and \(extents) differ")
  }
}
