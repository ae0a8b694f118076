// diff: two runs, compared tensor by tensor.

import Testing
import WinitCore
import WinitRegistry
import WinitTestSupport

@Suite struct DiffTests {
  private func difference(_ first: String, _ second: String, seeds: (UInt64, UInt64) = (1, 1)) throws
    -> RunDifference
  {
    let fixture = try Fixture()
    let a = try fixture.create("a", first, seed: seeds.0)
    let b = try fixture.create("b", second, seed: seeds.1, recipeOnly: true)
    return try fixture.registry.difference(between: a, and: b)
  }

  @Test func `added, removed and changed tensors are listed with the properties that differ`() throws {
    let found = try difference(
      """
      tensors: {same: [3], gone: [2], shape: [2, 3], dtype: [4], law: [4], ones: [4]}
      rules: [{match: law, init: zeros}, {match: ones, init: ones}, {match: "*", init: normal}]
      """,
      """
      tensors: {same: [3], new: [2], shape: [3, 2], dtype: {shape: [4], dtype: float16}, law: [4], ones: [4]}
      rules: [{match: law, init: {scheme: constant, value: 2}}, {match: ones, init: {scheme: uniform, low: 1, high: 2}}, {match: "*", init: normal}]
      """)
    #expect(found.removed == ["gone"] && found.added == ["new"] && found.sameCount == 1 && !found.sameWeights)
    let changed = Dictionary(uniqueKeysWithValues: found.changed.map { ($0.name, $0) })
    #expect(Set(changed.keys) == ["shape", "dtype", "law", "ones"])
    #expect(changed["shape"]?.shapes?.second.dims == [3, 2] && changed["shape"]?.elements == nil)
    #expect(changed["shape"]?.recipes == nil && changed["shape"]?.sameBits == false)
    #expect(changed["dtype"]?.dtypes?.second == .float16 && changed["dtype"]?.elements == nil)
    #expect(changed["law"]?.elements?.count == 4 && changed["law"]?.largestDifference == 2)
    #expect(changed["law"]?.elements?.coordinates == [0] && changed["law"]?.elements?.found == "2.0")
    #expect(changed["law"]?.elements?.expected == "0.0")
    #expect(changed["ones"]?.recipes != nil && changed["ones"]?.elements?.count == 4)
  }

  @Test func `another seed changes the recipes of random tensors only`() throws {
    let spec = "tensors: {w: [700, 700], b: [9]}\nrules: [{match: b, init: zeros}, {match: w, init: normal}]"
    let found = try difference(spec, spec, seeds: (1, 2))
    try #require(found.sameCount == 1 && found.changed.map(\.name) == ["w"])
    let elements = try #require(found.changed[0].elements)
    // Two independent normal numbers are equal in binary32 about once in ten million.
    #expect((489_990...490_000).contains(elements.count) && elements.element == 0)
    #expect(found.changed[0].recipes.map { [$0.first.seed, $0.second.seed] } == [1, 2])
    #expect(try difference(spec, spec).sameWeights)
  }

  @Test
  func `the count, the largest difference and the first element are those of a comparison by hand, across chunks`()
    throws
  {
    let fixture = try Fixture()
    let (n, dims) = (700 * 700, [700, 700])
    var values = [Float](repeating: 0.5, count: n)
    func importValues(_ name: String) throws -> Run {
      try fixture.importRun(name, [("w", dims, values.flatMap { withUnsafeBytes(of: $0) { Array($0) } })])
    }
    let a = try importValues("a")
    (values[123_456], values[400_000], values[n - 1]) = (0.75, -1.5, .nan)
    let b = try importValues("b")
    let found = try fixture.registry.difference(between: a, and: b)
    let elements = try #require(found.changed.first?.elements)
    #expect(elements.count == 3 && found.changed[0].largestDifference == 2)
    #expect(elements.coordinates == [176, 256])  // 123456 = 176 · 700 + 256
    #expect(elements.expected == "0.5" && elements.found == "0.75")
    #expect(found.changed[0].recipes == nil)
  }

  @Test func `runs of two registries are compared, and the same recipe has the same bits in both`() throws {
    let (here, there) = (try Fixture(), try Fixture())
    let run = try here.create("m", twoChunkSpec)
    let same = try there.create("n", twoChunkSpec, recipeOnly: true)
    let other = try there.create("n", twoChunkSpec, seed: 43, recipeOnly: true)
    #expect(try here.registry.difference(between: run, and: same, in: there.registry).sameWeights)
    let found = try here.registry.difference(between: run, and: other, in: there.registry)
    let expected = try here.registry.floats(of: "w", in: run)[0]
    let actual = try there.registry.floats(of: "w", in: other)[0]
    let elements = try #require(found.changed.first?.elements)
    #expect(elements.expected == "\(expected)" && elements.found == "\(actual)")
  }
}
