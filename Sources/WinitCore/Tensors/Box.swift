// A box: the part of a tensor that a slice selects.

/// A box of a tensor: a range of positions on each axis.
package struct Box: Sendable, Hashable {
  /// The shape of the tensor.
  package let shape: Shape
  /// The range on each axis of the tensor.
  package let ranges: [Range<Int>]
  /// The shape of the result: the lengths of the ranges, without the axes that the slice gives as one index.
  package let resultShape: Shape

  /// Creates the box that holds a whole tensor.
  package init(whole shape: Shape) {
    self.shape = shape
    self.ranges = shape.dims.map { 0..<$0 }
    self.resultShape = shape
  }

  /// Resolves a slice as Python does: ranges are clipped to the axis, and a single index must be on the axis.
  package init(_ slice: Slice, of shape: Shape) throws(SliceError) {
    guard slice.axes.count <= shape.rank else { throw .tooManyAxes(slice, shape) }
    var ranges: [Range<Int>] = []
    var kept: [Int] = []
    for (axis, dim) in shape.dims.enumerated() {
      switch axis < slice.axes.count ? slice.axes[axis] : .range(start: nil, stop: nil) {
      case .index(let index):
        guard index < dim, index >= -dim else { throw .outOfRange(index: index, axis: axis, shape) }
        let position = index < 0 ? index + dim : index
        ranges.append(position..<position + 1)
      case .range(let start, let stop):
        let first = Box.clip(start ?? 0, dim)
        let last = max(first, Box.clip(stop ?? dim, dim))
        ranges.append(first..<last)
        kept.append(last - first)
      }
    }
    self.shape = shape
    self.ranges = ranges
    do { self.resultShape = try Shape(kept) } catch {
      preconditionFailure("no length of a slice's result is above that of the tensor's axis")
    }
  }

  /// Creates a box from ranges on the leading axes. The box takes the other axes whole, and keeps every axis.
  package init(leading: [Range<Int>], of shape: Shape) {
    precondition(leading.count <= shape.rank, "a box must not have more axes than its tensor")
    self.shape = shape
    ranges = leading + shape.dims[leading.count...].map { 0..<$0 }
    resultShape = shape
  }

  /// Calls `body` with each extent of the box, clipped to a range of elements, in order.
  ///
  /// - Parameters:
  ///   - elements: a range of row-major element indices of the tensor.
  ///   - body: takes an extent of element indices, and the row-major index within the box of its first element.
  package func forEachExtent(
    in elements: Range<Int>, _ body: (Range<Int>, _ indexInBox: Int) throws -> Void
  ) rethrows {
    // An extent covers the trailing axes that the box takes whole, and the last axis that it does not take whole.
    var (outer, stride, length) = (shape.rank, 1, 1)
    while outer > 0 {
      outer -= 1
      length = stride * ranges[outer].count
      let isWhole = ranges[outer].count == shape.dims[outer]
      if !isWhole { break }
      if outer > 0 { stride *= shape.dims[outer] }
    }
    guard length > 0, !elements.isEmpty, !ranges.contains(where: \.isEmpty) else { return }
    let offset = shape.rank == 0 ? 0 : ranges[outer].lowerBound * stride
    let block = shape.rank == 0 ? 1 : stride * shape.dims[outer]
    // Count the coordinates of the outer axes through the tensor. Only coordinates inside the ranges have an extent.
    let counts = shape.dims[..<outer], inside = ranges[..<outer]
    var index = elements.lowerBound / block
    while index * block < elements.upperBound {
      var (rest, ordinal, scale, isInside) = (index, 0, 1, true)
      for axis in counts.indices.reversed() {
        let place = rest % counts[axis]
        rest /= counts[axis]
        isInside = isInside && inside[axis].contains(place)
        ordinal += (place - inside[axis].lowerBound) * scale
        scale *= inside[axis].count
      }
      if isInside {
        let start = index * block + offset
        let extent = (start..<start + length).clamped(to: elements)
        if !extent.isEmpty { try body(extent, ordinal * length + extent.lowerBound - start) }
      }
      index += 1
      if outer == 0 { break }
    }
  }

  /// Resolves a bound that may be negative, and clips it to an axis of length `dim`.
  private static func clip(_ bound: Int, _ dim: Int) -> Int {
    bound < 0 ? max(0, bound + dim) : min(bound, dim)
  }
}
