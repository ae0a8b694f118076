// A region: the elements that a law fills together.

/// The elements of a tensor, of a box of a tensor, or of one matrix of a batch, with the words that they take.
///
/// An element of a region has a row-major index within the region. Its word may lie elsewhere, because an element of a
/// box keeps the word that it has in the whole tensor.
struct Region: Sendable, Hashable {
  /// The shape.
  let dims: [Int]
  /// The distance between the words of neighbors, for each axis.
  let strides: [Int]
  /// The index of the word of the first element.
  let first: Int

  /// Creates the region of a whole tensor, whose elements take the words 0, 1, 2, ….
  init(_ dims: [Int]) {
    self.init(dims: dims, strides: Region.rowMajorStrides(dims), first: 0)
  }

  /// Creates the region of a box. Axes of length 1 before the first longer axis of the box are dropped.
  ///
  /// - Parameter hasOwnWords: whether the elements take the words 0, 1, 2, … of a stream of the box's own.
  init(_ box: Box, hasOwnWords: Bool) {
    let dims = box.ranges.map(\.count)
    let strides = Region.rowMajorStrides(hasOwnWords ? dims : box.shape.dims)
    let first = hasOwnWords ? 0 : zip(box.ranges, strides).reduce(0) { $0 + $1.0.lowerBound * $1.1 }
    let dropped = Region.droppedAxes(dims)
    self.init(dims: Array(dims[dropped...]), strides: Array(strides[dropped...]), first: first)
  }

  private init(dims: [Int], strides: [Int], first: Int) {
    (self.dims, self.strides, self.first) = (dims, strides, first)
  }

  /// Returns the number of leading axes of length 1 that a box drops. A box of one element keeps one axis.
  static func droppedAxes(_ dims: [Int]) -> Int {
    let leading = dims.prefix { $0 == 1 }.count
    return leading < dims.count ? leading : Swift.max(0, leading - 1)
  }

  /// The number of elements.
  var count: Int { dims.reduce(1, *) }

  /// Returns the region at given coordinates of some axes, without these axes.
  func selecting(_ coordinates: [(axis: Int, place: Int)]) -> Region {
    let rest = dims.indices.filter { axis in !coordinates.contains { $0.axis == axis } }
    return Region(
      dims: rest.map { dims[$0] }, strides: rest.map { strides[$0] },
      first: coordinates.reduce(first) { $0 + $1.place * strides[$1.axis] })
  }

  /// Returns the word of the element with a row-major index within the region.
  func word(of index: Int) -> Int {
    var (rest, word) = (index, first)
    for axis in dims.indices.reversed() {
      word += rest % dims[axis] * strides[axis]
      rest /= dims[axis]
    }
    return word
  }

  /// Calls `body` with each extent of a range of indices whose words have one distance: the indices, the first word,
  /// and the distance.
  func forEachExtent(in indices: Range<Int>, _ body: (_ indices: Range<Int>, _ word: Int, _ stride: Int) -> Void) {
    // The trailing axes whose words lie one behind another count as one axis.
    var (outer, length, stride) = (dims.count, 1, 1)
    if let last = strides.last {
      stride = last
      repeat {
        outer -= 1
        length *= dims[outer]
      } while outer > 0 && strides[outer - 1] == length * stride
    }
    guard length > 0 else { return }
    var start = indices.lowerBound
    while start < indices.upperBound {
      let end = Swift.min(indices.upperBound, (start / length + 1) * length)
      body(start..<end, word(of: start), stride)
      start = end
    }
  }

  private static func rowMajorStrides(_ dims: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: dims.count)
    for axis in dims.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * dims[axis + 1] }
    return strides
  }
}
