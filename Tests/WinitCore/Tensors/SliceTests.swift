import Testing
import WinitCore

/// What NumPy's basic indexing gives, by brute force over coordinates: the flat indices taken.
private func reference(_ ranges: [Range<Int>], _ dims: [Int]) -> [Int] {
  var indices = [0]
  for (range, dim) in zip(ranges, dims) {
    indices = indices.flatMap { outer in range.map { outer * dim + $0 } }
  }
  return indices
}

@Suite struct SliceTests {
  @Test(
    "a slice takes what Python's would",
    arguments: [
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
  func resolves(text: String, dims: [Int], ranges: [Range<Int>], result: [Int]) throws {
    let box = try Box(Slice(parsing: text), of: Shape(dims))
    #expect(box.ranges == ranges)
    #expect(box.resultShape.dims == result)
    #expect(box.extents.flatMap { Array($0) } == reference(ranges, dims))
  }

  @Test("runs cover every box of a small tensor in order, and are as long as they can be")
  func everyBox() throws {
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
                let runs = Array(box.extents)
                #expect(runs.flatMap { Array($0) } == reference(box.ranges, dims), "\(slice)")
                // Where the last axis is whole, rows join; where it is not, each row is one run.
                if !runs.isEmpty, e == 0, f == 4 {
                  #expect(runs.count == (d - c == 3 ? 1 : b - a), "\(slice)")
                }
              }
            }
          }
        }
      }
    }
  }

  @Test("the whole of a tensor is one run; of an empty one, none; of rank 0, one element")
  func whole() throws {
    #expect(Array(Box(whole: try Shape([3, 5])).extents) == [0..<15])
    #expect(Array(Box(whole: try Shape([3, 0, 5])).extents).isEmpty)
    #expect(Array(Box(whole: try Shape([])).extents) == [0..<1])
    #expect(Array(try Box(Slice([]), of: Shape([])).extents) == [0..<1])
  }

  @Test(
    "a slice that cannot be read says what is wrong",
    arguments: [
      ("", "it is empty"), ("a", "`a` is neither an integer nor a range"), ("0:10:2", "step"),
      ("1:b", "`b` is not an integer"), ("1,,2", "neither"), ("1.5", "neither"),

    ])
  func malformed(text: String, message: String) {
    let error = #expect(throws: SliceError.self) { try Slice(parsing: text) }
    #expect(error?.description.contains(message) == true)
  }

  @Test("a slice that does not fit the shape says so")
  func misfit() throws {
    let shape = try Shape([5, 3])
    #expect(throws: SliceError.outOfRange(index: 5, axis: 0, shape)) {
      try Box(Slice(parsing: "5"), of: shape)
    }
    #expect(throws: SliceError.outOfRange(index: -4, axis: 1, shape)) {
      try Box(Slice(parsing: ":,-4"), of: shape)
    }
    let error = #expect(throws: SliceError.self) { try Box(Slice(parsing: ":,:,:"), of: shape) }
    #expect(error?.description.contains("is for a rank of at least 3, but the shape is [5, 3]") == true)
  }
}
