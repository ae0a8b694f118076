import Testing
import WinitCore

/// Returns the flat indices that NumPy's basic indexing selects, computed from all coordinates.
private func reference(_ ranges: [Range<Int>], _ dims: [Int]) -> [Int] {
  var indices = [0]
  for (range, dim) in zip(ranges, dims) {
    indices = indices.flatMap { outer in range.map { outer * dim + $0 } }
  }
  return indices
}

@Suite struct SliceTests {
  @Test(arguments: [
    ("0:10,:", [10, 4], [0..<10, 0..<4], [10, 4]),
    ("1:3", [5, 2, 2], [1..<3, 0..<2, 0..<2], [2, 2, 2]),
    ("-2:,1:", [5, 3], [3..<5, 1..<3], [2, 2]),
    ("-1", [5, 3], [4..<5, 0..<3], [3]),
    ("2,-3", [5, 3], [2..<3, 0..<1], []),
    (":100", [5], [0..<5], [5]),
    ("-100:2", [5], [0..<2], [2]),
    ("4:2", [5], [4..<4], [0]),
    ("7:", [5], [5..<5], [0]),
    (" 1 : 2 , : ", [5, 3], [1..<2, 0..<3], [1, 3]),
    ("[0:1, 2]", [5, 3], [0..<1, 2..<3], [1]),
    ("0:2,", [5, 3], [0..<2, 0..<3], [2, 3]),
    (":99999999999999999999", [5], [0..<5], [5]),
    ("-99999999999999999999:2", [5], [0..<2], [2]),
  ])
  func `a slice selects the same elements as in Python`(text: String, dims: [Int], ranges: [Range<Int>], result: [Int])
    throws
  {
    let box = try Box(Slice(parsing: text), of: Shape(dims))
    #expect(box.ranges == ranges)
    #expect(box.resultShape.dims == result)
    #expect(box.extents.flatMap { Array($0) } == reference(ranges, dims))
  }

  @Test func `the extents of every box of a small tensor are in order, complete and as long as possible`() throws {
    let dims = [2, 3, 4]
    let shape = try Shape(dims)
    for a in 0...2 {
      for b in a...2 {
        for c in 0...3 {
          for d in c...3 {
            for e in 0...4 {
              for f in e...4 {
                let slice = Slice([
                  .range(start: a, stop: b), .range(start: c, stop: d), .range(start: e, stop: f),
                ])
                let box = try Box(slice, of: shape)
                let extents = Array(box.extents)
                #expect(extents.flatMap { Array($0) } == reference(box.ranges, dims), "\(slice)")
                // If the last axis is whole, the rows are contiguous.
                if !extents.isEmpty, e == 0, f == 4 {
                  #expect(extents.count == (d - c == 3 ? 1 : b - a), "\(slice)")
                }
              }
            }
          }
        }
      }
    }
  }

  @Test func `a whole tensor is one extent, an empty tensor has none, and rank 0 has one element`() throws {
    #expect(Array(Box(whole: try Shape([3, 5])).extents) == [0..<15])
    #expect(Array(Box(whole: try Shape([3, 0, 5])).extents).isEmpty)
    #expect(Array(Box(whole: try Shape([])).extents) == [0..<1])
    #expect(Array(try Box(Slice([]), of: Shape([])).extents) == [0..<1])
  }

  @Test(
    arguments: [
      ("", .empty("")), ("a", .notAnIndex("a", in: "a")), ("0:10:2", .step("0:10:2", in: "0:10:2")),
      ("1:b", .notAnInteger("b", in: "1:b")), ("1,,2", .notAnIndex("", in: "1,,2")),
      ("1.5", .notAnIndex("1.5", in: "1.5")),
    ] as [(String, SliceError)])
  func `a text that is not a slice is refused, and the error says why`(text: String, reason: SliceError) {
    #expect(throws: reason) { try Slice(parsing: text) }
  }

  @Test func `a slice that does not fit the shape is refused`() throws {
    let shape = try Shape([5, 3])
    #expect(throws: SliceError.outOfRange(index: 5, axis: 0, shape)) {
      try Box(Slice(parsing: "5"), of: shape)
    }
    #expect(throws: SliceError.outOfRange(index: -4, axis: 1, shape)) {
      try Box(Slice(parsing: ":,-4"), of: shape)
    }
    let slice = try Slice(parsing: ":,:,:")
    #expect(throws: SliceError.tooManyAxes(slice, shape)) { try Box(slice, of: shape) }
  }
}
