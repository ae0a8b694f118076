// Queries: filters, orders and pages of runs.

import Foundation
import Testing
import WinitRegistry
import WinitTestSupport

@Suite struct QueryTests {
  /// Returns a registry of ten runs, with seeds 0 to 9, that differ in everything that a query selects by.
  private func tenRuns() throws -> Fixture {
    let fixture = try Fixture()
    for i in 0..<10 {
      let scheme = i < 5 ? "kaiming_normal" : "{scheme: auto, activation: relu}"
      let dtype = i == 7 ? "bfloat16" : "float32"
      let spec = "dtype: \(dtype)\ntensors: {w: [\(i + 1), 4]}\nrules: [{match: w, init: \(scheme)}]"
      _ = try fixture.create(i < 8 ? "net/a" : "net/b", spec, seed: UInt64(i), recipeOnly: true) {
        $0.experiment = i % 2 == 0 ? "even" : nil
        $0.tags = [Run.Tag(key: "rest", value: "\(i % 3)")] + (i == 4 ? [Run.Tag(key: "only", value: "")] : [])
      }
    }
    return fixture
  }

  private func seeds(_ fixture: Fixture, _ change: (inout RunQuery) -> Void) throws -> [UInt64] {
    var query = RunQuery()
    change(&query)
    let runs = try fixture.registry.runs(query)
    #expect(try fixture.registry.runCount(query) == runs.count)
    return runs.compactMap(seed).sorted()
  }

  private func seed(_ run: Run) -> UInt64? { if case .seeded(let seed) = run.origin { seed } else { nil } }

  @Test func `each filter selects its runs, alone and together with others`() throws {
    let fixture = try tenRuns()
    _ = try fixture.registry.setAlias("star", of: fixture.registry.run("net/a:v3"))
    #expect(try seeds(fixture) { $0.name = "net/b" } == [8, 9])
    #expect(try seeds(fixture) { $0.name = "*/a" } == Array(0...7))
    #expect(try seeds(fixture) { $0.name = "net" } == [])
    #expect(try seeds(fixture) { $0.name = "net/[ab]" } == [])
    #expect(try seeds(fixture) { $0.experiment = "even" } == [0, 2, 4, 6, 8])
    #expect(try seeds(fixture) { $0.tags = [Run.Tag(key: "rest", value: "1")] } == [1, 4, 7])
    #expect(try seeds(fixture) { $0.patterns.addTag("only") } == [4])
    #expect(
      try seeds(fixture) { $0.tags = [Run.Tag(key: "rest", value: "1"), Run.Tag(key: "only", value: "")] } == [4])
    #expect(try seeds(fixture) { $0.patterns.addTag("rest") } == Array(0...9))
    // By the alias as written, by the scheme, and by the scheme that `auto` picked.
    #expect(try seeds(fixture) { $0.schemes = ["kaiming_normal"] } == Array(0...4))
    #expect(try seeds(fixture) { $0.schemes = ["he_normal"] } == Array(0...9))
    #expect(try seeds(fixture) { $0.schemes = ["auto"] } == Array(5...9))
    #expect(try seeds(fixture) { $0.dtypes = [.bfloat16] } == [7])
    #expect(try seeds(fixture) { $0.seed = 3 } == [3])
    #expect(try seeds(fixture) { $0.alias = "star" } == [2])
    #expect(try seeds(fixture) { $0.minimumParametersExclusive = 28 } == [7, 8, 9])
    #expect(try seeds(fixture) { $0.since = .now.addingTimeInterval(-3600) }.count == 10)
    #expect(try seeds(fixture) { $0.until = .now.addingTimeInterval(-3600) } == [])
    #expect(try seeds(fixture) { $0.since = .now.addingTimeInterval(3600) } == [])
    #expect(try seeds(fixture) { $0.until = .now.addingTimeInterval(3600) }.count == 10)
    #expect(
      try seeds(fixture) {
        $0.name = "net/a"
        $0.experiment = "even"
        $0.schemes = ["he_normal", "auto"]
      } == [6])
  }

  @Test func `since includes its second, and until excludes it`() throws {
    let fixture = try tenRuns()
    let time = try fixture.registry.run("net/b:v1").createdAt
    // Two runs of another day.
    try fixture.tamper("UPDATE runs SET created_at = '2020-01-02T03:04:05Z' WHERE seed IN ('0', '1')")
    let other = Date(timeIntervalSince1970: 1_577_934_245)
    #expect(try fixture.registry.run("net/a:v1").createdAt == other && time > other)
    #expect(try seeds(fixture) { $0.since = other }.count == 10)
    #expect(try seeds(fixture) { $0.since = other.addingTimeInterval(1) } == Array(2...9))
    #expect(try seeds(fixture) { $0.until = other } == [])
    #expect(try seeds(fixture) { $0.until = other.addingTimeInterval(1) } == [0, 1])
  }

  @Test(
    arguments: RunQuery.Order.allCases,
    [false, true])
  func `pages show every run once, in every order`(order: RunQuery.Order, reversed: Bool) throws {
    let fixture = try tenRuns()
    var query = RunQuery()
    query.order = order
    query.isReversed = reversed
    query.limit = 3
    var seen: [UInt64] = []
    while true {
      let page = try fixture.registry.runs(query)
      guard let last = page.last else { break }
      #expect(page.count <= 3)
      seen += page.compactMap(seed)
      query.after = last
    }
    // The seeds are in the order of creation, of size, and of name and version.
    let up = Array(UInt64(0)...9)
    #expect(seen == ((order == .name) != reversed ? up : up.reversed()))
  }

  @Test func `a scheme that neither this version nor a run has is an error`() throws {
    let fixture = try tenRuns()
    var query = RunQuery()
    query.schemes = ["he_normal", "of_tomorrow"]
    expectError(.unknownName) { try fixture.registry.runs(query) }
    expectError(.unknownName) { try fixture.registry.runCount(query) }
    // A later version may have recorded it.
    try fixture.tamper("INSERT INTO run_terms SELECT 'scheme', 'of_tomorrow', id FROM runs WHERE seed = '3'")
    #expect(try seeds(fixture) { $0.schemes = query.schemes } == [3])
  }
}
