// The contiguous extents of a box, as a sequence.

extension Box {
  /// The extents of the box: ranges of contiguous element indices, in row-major order, each as long as possible.
  package var extents: Extents { Extents(self) }

  /// The sequence of the extents of a box. Each step takes time proportional to the rank. The memory holds one
  /// coordinate per axis.
  package struct Extents: Sequence, IteratorProtocol {
    private let ranges: [Range<Int>]
    private let strides: [Int]
    private let length: Int
    private var position: [Int]
    private var done: Bool

    init(_ box: Box) {
      // An extent covers the trailing axes that the box takes whole, and the last axis that it does not take whole.
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

    /// The first axis inside an extent. The iteration steps over the axes before it.
    private let outer: Int

    /// Returns the next extent, or nil after the last one.
    package mutating func next() -> Range<Int>? {
      guard !done else { return nil }
      var start = 0
      for axis in position.indices { start += position[axis] * strides[axis] }
      advance()
      return start..<start + length
    }

    /// Moves to the next coordinates on the axes before `outer`.
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
