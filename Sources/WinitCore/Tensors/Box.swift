// A slice resolved against a shape: a box of the tensor, and the contiguous runs it is made of.

/// A box of a tensor: a range on each axis, and the shape of the result.
public struct Box: Sendable, Hashable {
  /// The tensor's shape.
  public let shape: Shape
  /// The range on each axis of the tensor.
  public let ranges: [Range<Int>]
  /// The shape of what is taken: the ranges' lengths, without the axes given by one index.
  public let resultShape: Shape

  /// The whole of a tensor.
  public init(whole shape: Shape) {
    self.shape = shape
    self.ranges = shape.dims.map { 0..<$0 }
    self.resultShape = shape
  }

  /// Resolves a slice as Python does: ranges are clipped to the axis, a single index must lie in it.
  public init(_ slice: Slice, of shape: Shape) throws(SliceError) {
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
    // Every length is at most the tensor's own, except that an axis of length 0 may hide large ones.
    do { self.resultShape = try Shape(kept) } catch { throw .malformed(slice.description, "\(error)") }
  }

  /// Ranges on the leading axes; the axes after them are taken whole.
  package init(leading: [Range<Int>], of shape: Shape) {
    precondition(leading.count <= shape.rank, "a box has no more axes than its tensor")
    self.shape = shape
    ranges = leading + shape.dims[leading.count...].map { 0..<$0 }
    resultShape = shape
  }

  /// The runs of neighbours that lie in a range of elements, in order, each with its first element's row-major index
  /// within the box.
  package func forEachExtent(in elements: Range<Int>, _ body: (Range<Int>, _ indexInBox: Int) -> Void) {
    // Trailing axes that are taken whole belong to the run, with the first one that is not.
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
    // Outer coordinates, counted through the tensor: only those inside the ranges have a run.
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
        let run = (start..<start + length).clamped(to: elements)
        if !run.isEmpty { body(run, ordinal * length + run.lowerBound - start) }
      }
      index += 1
      if outer == 0 { break }
    }
  }

  private static func clip(_ bound: Int, _ dim: Int) -> Int {
    bound < 0 ? max(0, bound + dim) : min(bound, dim)
  }

  /// The element indices of the box as runs of neighbours, in row-major order, as long as they can be.
  public var extents: Extents { Extents(self) }

  /// The contiguous runs of a box. Iterating costs O(rank) a run, and no memory beyond the coordinates.
  public struct Extents: Sequence, IteratorProtocol {
    private let ranges: [Range<Int>]
    private let strides: [Int]
    private let length: Int
    private var position: [Int]
    private var done: Bool

    init(_ box: Box) {
      // Trailing axes that are taken whole belong to the run, with the first one that is not.
      var inner = 1
      var outer = box.shape.rank
      while outer > 0 {
        outer -= 1
        inner *= box.ranges[outer].count
        if box.ranges[outer].count != box.shape.dims[outer] { break }
      }
      var strides = [Int](repeating: 1, count: box.shape.rank)
      for axis in box.shape.dims.indices.dropLast().reversed() {
        strides[axis] = strides[axis + 1] * box.shape.dims[axis + 1]
      }
      self.ranges = box.ranges
      self.strides = strides
      self.length = inner
      self.position = box.ranges.map(\.lowerBound)
      self.done = box.ranges.contains(where: \.isEmpty)
      self.outer = outer
    }

    /// Axes below this one are stepped over; it and those after lie inside the run.
    private let outer: Int

    /// The next run of element indices.
    public mutating func next() -> Range<Int>? {
      guard !done else { return nil }
      var start = 0
      for axis in position.indices { start += position[axis] * strides[axis] }
      advance()
      return start..<start + length
    }

    private mutating func advance() {
      var axis = outer
      while axis > 0 {
        axis -= 1
        position[axis] += 1
        if position[axis] < ranges[axis].upperBound { return }
        position[axis] = ranges[axis].lowerBound
      }
      done = true
    }
  }
}
