import Testing
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

  @Test("tensors added, removed and changed are told, each by what it differs in")
  func kinds() throws {
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
    #expect(changed["shape"]?.shapes?.1.dims == [3, 2] && changed["shape"]?.bits == nil)
    #expect(changed["shape"]?.recipes == nil)
    #expect(changed["dtype"]?.dtypes?.1 == .float16 && changed["dtype"]?.bits == nil)
    #expect(changed["law"]?.bits?.count == 4 && changed["law"]?.bits?.largest == 2)
    #expect(changed["law"]?.bits?.first.coordinates == [0] && changed["law"]?.bits?.first.found == "2.0")
    #expect(changed["ones"]?.recipes != nil && changed["ones"]?.bits?.count == 4)
  }

  @Test("other seeds are another recipe; constants stay the same in everything")
  func seeds() throws {
    let spec = "tensors: {w: [700, 700], b: [9]}\nrules: [{match: b, init: zeros}, {match: w, init: normal}]"
    let found = try difference(spec, spec, seeds: (1, 2))
    #expect(found.sameCount == 1 && found.changed.map(\.name) == ["w"])
    let bits = try #require(found.changed[0].bits)
    // Two independent normal numbers are equal in binary32 once in some ten million.
    #expect((489_990...490_000).contains(bits.count) && bits.first.element == 0)
    #expect(found.changed[0].recipes.map { ($0.seed, $1.seed) } ?? (0, 0) == (1, 2))
    #expect(try difference(spec, spec).sameWeights)
  }

  @Test("count, largest difference and first index are those of a comparison by hand, over chunks")
  func byHand() throws {
    let fixture = try Fixture()
    let (n, dims) = (700 * 700, [700, 700])
    var values = [Float](repeating: 0.5, count: n)
    func write(_ name: String) throws {
      try writeSafetensors(
        fixture.folder.path(name), [("w", dims, values.flatMap { withUnsafeBytes(of: $0) { Array($0) } })])
    }
    try write("a.safetensors")
    (values[123_456], values[400_000], values[n - 1]) = (0.75, -1.5, .nan)
    try write("b.safetensors")
    let a = try fixture.registry.capture(fixture.folder.path("a.safetensors"), as: "x").run
    let b = try fixture.registry.capture(fixture.folder.path("b.safetensors"), as: "x").run
    let found = try fixture.registry.difference(between: a, and: b)
    let bits = try #require(found.changed.first?.bits)
    #expect(bits.count == 3 && bits.largest == 2)
    #expect(bits.first.coordinates == [176, 256])  // 123456 = 176 · 700 + 256
    #expect(found.changed[0].recipes == nil)
  }
}
