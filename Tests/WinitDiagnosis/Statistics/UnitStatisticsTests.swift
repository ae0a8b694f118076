// Hashes of outputs and inputs, against a comparison of their elements.

import Testing
import WinitCore
import WinitDiagnosis
import WinitInitializers

@Suite struct UnitStatisticsTests {
  /// Shapes, sources, and the axes of the outputs, the inputs and the batch.
  static let cases: [(dims: [Int], source: FanSource, output: [Int], input: [Int], batch: [Int])] = [
    ([7, 5], .layout(.torch), [0], [1], []), ([7, 5], .layout(.keras), [1], [0], []),
    ([6, 4, 3, 3], .layout(.torch), [0], [1], []), ([3, 2, 4, 6], .layout(.keras), [3], [2], []),
    ([6, 1, 3, 3], .layout(.torch), [0], [1], []), ([3, 4, 5], .batch([0], .torch), [1], [2], [0]),
    ([3, 4, 5], .batch([-1], .keras), [1], [0], [2]), ([3, 4, 5], .batch([1], .torch), [0], [2], [1]),
    ([4, 3, 5, 2], .axes(FanAxes(input: [1], output: [0, 2])), [0, 2], [1], []),
    ([2, 3, 4, 5], .axes(FanAxes(input: [3], output: [1], batch: [0])), [1], [3], [0]),
    ([2, 3, 4], .axes(FanAxes(input: [0, 2], output: [1])), [1], [0, 2], []),
    ([5, 6], .axes(FanAxes(input: [0], output: [])), [], [0], []), ([1, 5], .layout(.torch), [0], [1], []),
  ]

  @Test(arguments: cases.indices)
  func `units have equal hashes if and only if their elements are equal`(index: Int) throws {
    let test = UnitStatisticsTests.cases[index]
    let shape = try Shape(test.dims)
    // Few different values, so that many units are equal, also to zeros.
    for (seed, choices) in [(1, 1), (2, 2), (3, 2), (4, 3), (5, 7)] {
      let words = WordStream(seed: UInt64(seed), stream: 0)
      let values = (0..<shape.elementCount).map { i -> Float in
        let word = words.word(UInt64(i))
        if words.word(UInt64(1000 + shape.coordinates(of: i)[seed % shape.rank])) % 3 == 0 {
          return i % 2 == 0 ? 0 : -0.0
        }
        return Float(word >> 8 & 0xFF) < 120 ? 1 : Float(word % UInt32(choices))
      }
      let units = try #require(try statistics(values, test.dims, test.source).units)
      #expect(units.outputs.count == count(test.dims, test.output + test.batch))
      #expect(units.inputs.count == count(test.dims, test.input + test.batch))
      #expect(units.outputSize == shape.elementCount / units.outputs.count)
      compare(units.outputs, units: elements(values, shape, by: test.output, test.batch))
      compare(units.inputs, units: elements(values, shape, by: test.input, test.batch))
    }
  }

  @Test func `each element of a vector is an output`() throws {
    let units = try #require(try statistics([2, 0, 3, 2, -0.0], [5], .layout(.torch)).units)
    #expect(units.inputs.isEmpty && units.outputSize == 1)
    compare(units.outputs, units: [[2], [0], [3], [2], [0]])
    let batch = try #require(try statistics([2, 0, 3, 2], [2, 2], .batch([0], .torch)).units)
    compare(batch.outputs, units: [[2], [0], [3], [2]])
    let bias = try #require(try statistics([1, 1, 0], [3], .tensor("w", Fans(fanIn: 4, fanOut: 3))).units)
    compare(bias.outputs, units: [[1], [1], [0]])
    #expect(try statistics([5], [], .layout(.torch)).units?.outputs.count == 1)
  }

  @Test func `rows of signs have different hashes`() throws {
    // All 4,096 rows of twelve signs; with hashes of few bits some would be equal.
    let values = (0..<4096 * 12).map { (i: Int) -> Float in (i / 12) >> (i % 12) & 1 == 1 ? 1 : -1 }
    let units = try #require(try statistics(values, [4096, 12], .layout(.torch)).units)
    #expect(Set(units.outputs).count == 4096 && Set(units.inputs).count == 12)
  }

  @Test func `rows that are permutations, sums or multiples of each other have different hashes`() throws {
    let rows: [[Float]] = [
      [1, 2, 3, 4], [4, 3, 2, 1], [2, 1, 3, 4], [2, 4, 6, 8], [-1, -2, -3, -4], [1, 2, 4, 3], [0, 3, 3, 4],
      [2, 2, 2, 4], [1, 3, 2, 4], [0.5, 1, 1.5, 2], [1, 2, 3, 4],
    ]
    let units = try #require(try statistics(rows.flatMap(\.self), [11, 4], .layout(.torch)).units)
    #expect(Set(units.outputs).count == 10 && units.outputs.first == units.outputs.last)
  }

  @Test func `rows of binary64 numbers that binary32 cannot tell apart have different hashes`() throws {
    let small = Double.leastNonzeroMagnitude
    let values: [Double] = [1, 2, (1.0).nextUp, 2, 1, (2.0).nextDown, 1, 2, small, 0, 0, small]
    let units = try #require(
      try values.withUnsafeBytes {
        TensorStatistics(of: $0, shape: try Shape([6, 2]), dtype: .float64, fanSource: .layout(.torch))
      }.units)
    #expect(Set(units.outputs).count == 5 && units.outputs[0] == units.outputs[3] && !units.outputs.contains(0))
  }

  @Test func `units that cross chunks have the hashes of those that do not`() throws {
    // 300,000 float32 elements lie in two chunks. The rows are longer than the table of factors.
    let row = (0..<100_000).map { (i: Int) -> Float in Float(i % 1013 - 500) }
    let units = try #require(try statistics(row + row.map { $0 + 1 } + row, [3, 100_000], .layout(.torch)).units)
    #expect(units.outputs[0] == units.outputs[2] && units.outputs[0] != units.outputs[1])
    // Inputs 1013 apart are equal.
    #expect(units.inputs[5] == units.inputs[5 + 1013] && Set(units.inputs).count == 1013)
    let columns = (0..<300_000).map { (i: Int) -> Float in Float(i % 3 == 1 ? i / 3 + 1 : i / 3) }
    let transposed = try #require(try statistics(columns, [100_000, 3], .layout(.keras)).units)
    #expect(transposed.outputs[0] == transposed.outputs[2] && transposed.outputs[0] != transposed.outputs[1])
    #expect(Set(transposed.inputs).count == 100_000)
  }

  @Test func `integers, and tensors whose axes have no role, have no units`() throws {
    let shape = try Shape([2, 2])
    let bytes = [UInt8](repeating: 1, count: 32)
    bytes.withUnsafeBytes { buffer in
      let integers = TensorStatistics(of: buffer, shape: shape, dtype: .int64, fanSource: .layout(.torch))
      #expect(integers.units == nil && integers.histogram == nil && integers.mean == 72_340_172_838_076_672)
      for source in [
        FanSource.axes(FanAxes(input: [0], output: [0])), .axes(FanAxes(input: [2], output: [0])), .batch([-3], .torch),
        .tensor("w", Fans(fanIn: 2, fanOut: 2)), .axes(FanAxes(input: [.min], output: [.max])),
      ] {
        #expect(TensorStatistics(of: buffer, shape: shape, dtype: .float64, fanSource: source).units == nil)
      }
    }
  }

  @Test func `more than four million units are not compared`() throws {
    let shape = try Shape([1 << 22, 1])
    let bytes = [UInt8](repeating: 0x38, count: 1 << 22)
    let found = bytes.withUnsafeBytes {
      TensorStatistics(of: $0, shape: shape, dtype: .float8_e4m3fn, fanSource: .layout(.torch))
    }
    #expect(found.units == nil && found.mean == 1 && found.count == 1 << 22)
  }

  /// Expects equal hashes for equal units, different hashes for different ones, and 0 for zeros.
  private func compare(_ hashes: [UInt64], units: [[Float]]) {
    #expect(hashes.count == units.count)
    #expect(Set(hashes).count == Set(units).count)
    #expect(Set(zip(hashes, units).map { "\($0) \($1.map { $0 + 0 })" }).count == Set(units).count)
    for (hash, unit) in zip(hashes, units) { #expect((hash == 0) == unit.allSatisfy { $0 == 0 }) }
  }

  private func count(_ dims: [Int], _ axes: [Int]) -> Int { axes.reduce(1) { $0 * dims[$1] } }

  /// The elements of each unit, by the coordinates on its axes.
  private func elements(_ values: [Float], _ shape: Shape, by axes: [Int], _ batch: [Int]) -> [[Float]] {
    let axes = (axes + batch).sorted()
    var units = [[Float]](repeating: [], count: count(shape.dims, axes))
    for (i, value) in values.enumerated() {
      let coordinates = shape.coordinates(of: i)
      units[axes.reduce(0) { $0 * shape.dims[$1] + coordinates[$1] }].append(value)
    }
    return units
  }

  private func statistics(_ values: [Float], _ dims: [Int], _ source: FanSource) throws -> TensorStatistics {
    let shape = try Shape(dims)
    return values.withUnsafeBytes { TensorStatistics(of: $0, shape: shape, dtype: .float32, fanSource: source) }
  }
}
