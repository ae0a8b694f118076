import Testing
import WinitRegistry
import WinitTestSupport

@Suite struct FindTests {
  /// Ten runs, all different in what they can be found by.
  private func tenRuns() throws -> Fixture {
    let fixture = try Fixture()
    for i in 0..<10 {
      var options = CreateOptions()
      options.recipeOnly = true
      options.experiment = i % 2 == 0 ? "even" : nil
      options.tags = [Tag(key: "rest", value: "\(i % 3)")] + (i == 4 ? [Tag(key: "only", value: "")] : [])
      let scheme = i < 5 ? "kaiming_normal" : "{scheme: auto, activation: relu}"
      let dtype = i == 7 ? "bfloat16" : "float32"
      let spec =
        "dtype: \(dtype)\ntensors: {w: [\(i + 1), 4]}\nrules: [{match: w, init: \(scheme)}]"
      _ = try fixture.registry.create(
        i < 8 ? "net/a" : "net/b", spec: ModelSpec(parsing: spec, file: "s"), seed: UInt64(i),
        options: options)
    }
    return fixture
  }

  private func seeds(_ fixture: Fixture, _ change: (inout RunQuery) -> Void) throws -> [UInt64] {
    var query = RunQuery()
    change(&query)
    let runs = try fixture.registry.runs(query)
    #expect(try fixture.registry.runCount(query) == runs.count)
    return runs.map(\.seed).sorted()
  }

  @Test("filters find what they say, alone and together")
  func filters() throws {
    let fixture = try tenRuns()
    _ = try fixture.registry.setAlias("star", of: fixture.registry.run("net/a:v3"))
    #expect(try seeds(fixture) { $0.name = "net/b" } == [8, 9])
    #expect(try seeds(fixture) { $0.name = "*/a" } == Array(0...7))
    #expect(try seeds(fixture) { $0.name = "net" } == [])
    #expect(try seeds(fixture) { $0.name = "net/[ab]" } == [])
    #expect(try seeds(fixture) { $0.experiment = "even" } == [0, 2, 4, 6, 8])
    #expect(try seeds(fixture) { $0.tags = [("rest", "1")] } == [1, 4, 7])
    #expect(try seeds(fixture) { $0.tags = [("only", nil)] } == [4])
    #expect(try seeds(fixture) { $0.tags = [("rest", "1"), ("only", "")] } == [4])
    #expect(try seeds(fixture) { $0.tags = [("rest", nil)] } == Array(0...9))
    // By the alias that was written, by the scheme it is, and by what `auto` picked.
    #expect(try seeds(fixture) { $0.schemes = ["kaiming_normal"] } == Array(0...4))
    #expect(try seeds(fixture) { $0.schemes = ["he_normal"] } == Array(0...9))
    #expect(try seeds(fixture) { $0.schemes = ["auto"] } == Array(5...9))
    #expect(try seeds(fixture) { $0.dtypes = ["bfloat16"] } == [7])
    #expect(try seeds(fixture) { $0.seed = 3 } == [3])
    #expect(try seeds(fixture) { $0.alias = "star" } == [2])
    #expect(try seeds(fixture) { $0.moreParametersThan = 28 } == [7, 8, 9])
    #expect(try seeds(fixture) { $0.since = "2000" }.count == 10)
    #expect(try seeds(fixture) { $0.until = "2000" } == [])
    #expect(try seeds(fixture) { $0.since = "2999-01-01" } == [])
    #expect(
      try seeds(fixture) {
        $0.name = "net/a"
        $0.experiment = "even"
        $0.schemes = ["he_normal", "auto"]
      } == [6])
  }

  @Test(
    "pages show every run once, in order, whatever the order is", arguments: RunQuery.Order.allCases,
    [false, true])
  func pages(order: RunQuery.Order, reversed: Bool) throws {
    let fixture = try tenRuns()
    var query = RunQuery()
    query.order = order
    query.reversed = reversed
    query.limit = 3
    var seen: [UInt64] = []
    while true {
      let page = try fixture.registry.runs(query)
      guard let last = page.last else { break }
      #expect(page.count <= 3)
      seen += page.map(\.seed)
      query.after = last
    }
    // Seeds were given in the order of creation, of size, and of name and version.
    let up = Array(UInt64(0)...9)
    #expect(seen == ((order == .name) != reversed ? up : up.reversed()))
  }
}
