// Slices, and the boxes of a tensor that they are.

import WinitCore

extension FuzzTarget {
  /// A shape's dimensions, a line each … `3,4;1:,-1`: a slice is written as what reads back as the same, and its runs
  /// are as many elements as its result has, in order, inside the tensor.
  static let slice = FuzzTarget("slice") { bytes in
    guard let text = text(bytes) else { return .refused("no text") }
    let parts = text.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false)
    let slice: Slice
    do throws(SliceError) { slice = try Slice(parsing: String(parts[parts.count - 1])) } catch {
      return .refused(error.description)
    }
    let written = slice.description
    try expect(try Slice(parsing: written) == slice, "`\(text)` is written `\(written)`")
    let dims = parts.count == 2 ? parts[0].split(separator: ",").map { Int($0) } : []
    guard let shape = try? Shape(dims.compactMap(\.self)) else { return .refused("no shape") }
    let box: Box
    do throws(SliceError) { box = try Box(slice, of: shape) } catch { return .refused(error.description) }
    try expect(box.ranges.count == shape.rank, "ranges of \(box.ranges.count) axes")
    for (range, dim) in zip(box.ranges, shape.dims) {
      try expect(range.lowerBound >= 0 && range.upperBound <= dim, "\(range) of \(dim)")
    }
    try expect(
      box.ranges.contains(where: \.isEmpty) == (box.resultShape.elementCount == 0), "empty or not?")
    if shape.elementCount <= 4096, shape.rank <= 64 { try walk(box) }
    return .accepted
  }

  private static func walk(_ box: Box) throws {
    var (count, end) = (0, 0)
    var runs: [Range<Int>] = []
    for run in box.extents {
      try expect(run.lowerBound >= end && run.upperBound <= box.shape.elementCount, "the run \(run)")
      (count, end) = (count + run.count, run.upperBound)
      runs.append(run)
    }
    try expect(count == box.resultShape.elementCount, "\(count) elements in \(box.resultShape)")
    // Cut anywhere, the same elements come.
    var found: [Range<Int>] = []
    var ordinal = 0
    var isInOrder = true
    let middle = box.shape.elementCount / 3
    for piece in [0..<middle, middle..<box.shape.elementCount] {
      box.forEachExtent(in: piece) { run, index in
        isInOrder = isInOrder && index == ordinal && piece.contains(run.lowerBound)
        ordinal += run.count
        found.append(run)
      }
    }
    try expect(isInOrder, "the runs \(found)")
    try expect(found.flatMap(Array.init) == runs.flatMap(Array.init), "\(found) and \(runs)")
  }
}
