// What queries cost in a registry of many runs: the pages that they read from the file.

import Foundation
import GRDB
import Testing
import WinitCore
import WinitStorage
import WinitTestSupport

/// Makes the registry `r` with many runs of two names, of which the last `deleted` versions of `m` are deleted. The seed
/// and the number of parameters are the number of the run, from 1, and the experiment is that number modulo a number.
private func registry(
  _ count: Int, deleted: Int = 0, experiments: Int = 50, in folder: TemporaryFolder
) throws -> Store {
  try Store.openOrCreate(folder.path("r")).close()
  let db = try DatabaseQueue(path: folder.path("r"))
  try db.write { db in
    try db.execute(
      sql: """
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(count))
          INSERT INTO manifests (id, digest, weights, law_version, json)
          SELECT i, randomblob(32), randomblob(32), 'law', '{}' FROM n;
        INSERT INTO runs (id, name, version, manifest, seed, stored, tensor_count, parameter_count, byte_count,
                          created_at, tool_version, host, uid, experiment)
          SELECT id, CASE WHEN id % 2 THEN 'm' ELSE 'other' END, (id + 1) / 2, id, id, 0, 0, id, 0,
                 strftime('%Y-%m-%dT%H:%M:%SZ', 1760000000 + id, 'unixepoch'), 'test', '{}',
                 lower(hex(randomblob(16))), 'e' || (id % \(experiments)) FROM manifests;
        INSERT INTO names (name, last_version) SELECT name, max(version) FROM runs GROUP BY name;
        INSERT INTO tags (run, key, value) SELECT id, 'k', id % 7 FROM runs;
        INSERT INTO run_terms (kind, term, run) SELECT 'scheme', 'normal', id FROM runs;
        INSERT INTO history (at, action, run, detail, actor) SELECT created_at, 'create', uid, '{}', '{}' FROM runs;
        UPDATE runs SET deleted_at = '2026-01-01T00:00:00Z'
          WHERE name = 'm' AND version > (SELECT max(version) FROM runs WHERE name = 'm') - \(deleted);
        """)
  }
  try db.close()
  return try Store.open(folder.path("r"))
}

extension Store {
  /// Returns what a query finds, and the number of pages that it reads from the file.
  fileprivate func counting<T>(_ query: (Store) throws -> T) throws -> (found: T, pages: Int) {
    let before = try pageReads()
    let found = try query(self)
    return (found, try pageReads() - before)
  }
}

@Suite struct ManyRunTests {
  @Test func `the newest version of a name is found in few pages, however many versions and deleted ones there are`()
    throws
  {
    let folder = try TemporaryFolder()
    let store = try registry(20_000, deleted: 4000, in: folder)
    // A path from the root to a leaf, in each of two indices and two tables, has at most three pages here.
    for (name, version) in [("m", 6000), ("other", 10_000)] {
      let (run, pages) = try store.counting { try $0.run(named: name) }
      #expect(run?.version == version && pages <= 15, "\(pages)")
    }
  }

  @Test func `the newest version of a name whose runs are all deleted is that of the deleted ones`() throws {
    let folder = try TemporaryFolder()
    let store = try registry(20, deleted: 10, in: folder)
    #expect(try store.run(named: "m")?.version == 10)
    #expect(try store.run(named: "m")?.deletedAt != nil)
    #expect(try store.run(named: "none") == nil)
  }

  @Test(arguments: [RunFilter.Order.created, .name, .parameters])
  func `a page of a list reads the rows of its runs, and not those of all runs`(order: RunFilter.Order) throws {
    func reads(_ count: Int) throws -> Int {
      let folder = try TemporaryFolder()
      var filter = RunFilter()
      (filter.order, filter.limit) = (order, 51)
      let store = try registry(count, in: folder)
      let (runs, pages) = try store.counting { try $0.runs(filter) }
      #expect(runs.count == 51)
      return pages
    }
    // Twenty times as many runs make a b-tree one level deeper: a page more for each index and table of the query.
    #expect(try reads(20_000) <= reads(1000) + 10)
  }

  @Test(arguments: [RunFilter.Order.created, .name, .parameters])
  func `runs that few meet a condition are found by its index, in every order`(order: RunFilter.Order) throws {
    let folder = try TemporaryFolder()
    let store = try registry(20_000, in: folder)
    var (seed, experiment, tag, id) = (RunFilter(), RunFilter(), RunFilter(), RunFilter())
    seed.seed = 12_345
    experiment.experiments = [TextCondition(TextPattern(literal: "none"))]
    tag.tags = [TagCondition(key: TextPattern(literal: "k"), value: TextPattern(literal: "none"))]
    id.idPrefixes = [try #require(try store.run(named: "m", version: 77)).id.hex]
    for (filter, count) in [(seed, 1), (experiment, 0), (tag, 0), (id, 1)] {
      var filter = filter
      (filter.order, filter.limit) = (order, 51)
      let (runs, pages) = try store.counting { try $0.runs(filter) }
      // The table of the runs alone has hundreds of pages.
      #expect(runs.count == count && pages <= 25, "\(pages)")
    }
  }

  @Test(arguments: [RunFilter.Order.created, .name, .parameters], [2, 50])
  func `the runs of an experiment are listed in every order, however many there are`(
    order: RunFilter.Order, experiments: Int
  ) throws {
    let folder = try TemporaryFolder()
    let store = try registry(6000, deleted: 100, experiments: experiments, in: folder)
    var filter = RunFilter()
    (filter.order, filter.limit, filter.experiments) = (order, 20, [TextCondition(TextPattern(literal: "e1"))])
    // The runs with odd numbers have the name `m`, and the last hundred of them are deleted.
    let numbers = (1...6000).filter { $0 % experiments == 1 && $0 <= 5800 }
    let expected = order == .name ? Array(numbers.prefix(20)) : Array(numbers.suffix(20).reversed())
    let first = try store.runs(filter)
    #expect(first.map(\.parameterCount) == expected)
    filter.after = first.last
    let rest = order == .name ? Array(numbers.dropFirst(20)) : Array(numbers.dropLast(20).reversed())
    #expect(try store.runs(filter).map(\.parameterCount) == Array(rest.prefix(20)))
    #expect(try store.count(filter) == numbers.count)
  }

  @Test(arguments: [RunFilter.Order.created, .name, .parameters])
  func `conditions select the same runs in every order, whether few or many runs meet them`(
    order: RunFilter.Order
  ) throws {
    let folder = try TemporaryFolder()
    let store = try registry(6000, deleted: 100, in: folder)
    // Each condition with the numbers of the runs that meet it. Fewer than 254 of 6000 runs are few: 100 + 2 √6000.
    let conditions: [(set: (inout RunFilter) -> Void, holds: (Int) -> Bool)] = [
      ({ $0.experiments = [TextCondition(TextPattern(literal: "e7"))] }, { $0 % 50 == 7 }),
      ({ $0.experiments += [TextCondition(TextPattern(parsing: "e*7"))] }, { $0 % 10 == 7 }),
      ({ $0.name = "m*" }, { $0 % 2 == 1 }),
      ({ $0.excludedNames = [TextPattern(literal: "m")] }, { $0 % 2 == 0 }),
      (
        { $0.tags = [TagCondition(key: TextPattern(literal: "k"), value: TextPattern(literal: "3"))] }, { $0 % 7 == 3 }
      ),
      ({ $0.schemes = ["normal"] }, { _ in true }),
      ({ $0.since = "2025-10-09T09:30:00Z" }, { 1_760_000_000 + $0 >= 1_760_002_200 }),
      ({ $0.until = "2025-10-09T08:55:00Z" }, { 1_760_000_000 + $0 < 1_760_000_100 }),
      ({ $0.moreParametersThan = 1000 }, { $0 > 1000 }),
      ({ $0.moreParametersThan = max($0.moreParametersThan ?? 0, 5850) }, { $0 > 5850 }),
      ({ $0.seed = 4207 }, { $0 == 4207 }),
    ]
    for subset in 0..<1 << conditions.count where subset.nonzeroBitCount <= 4 {
      var filter = RunFilter()
      (filter.order, filter.limit) = (order, 20)
      let chosen = conditions.indices.filter { subset >> $0 & 1 == 1 }
      for index in chosen { conditions[index].set(&filter) }
      // The last hundred runs with the name `m` are deleted.
      var numbers = (1...6000).filter { number in
        (number % 2 == 0 || number <= 5800) && chosen.allSatisfy { conditions[$0].holds(number) }
      }
      if order == .name { numbers = numbers.filter { $0 % 2 == 1 } + numbers.filter { $0 % 2 == 0 } }
      let expected = order == .name ? Array(numbers.prefix(20)) : Array(numbers.suffix(20).reversed())
      #expect(try store.runs(filter).map(\.parameterCount) == expected, "\(chosen)")
      #expect(try store.count(filter) == numbers.count, "\(chosen)")
    }
  }

  @Test func `a list with several conditions reads only the rows of the runs that meet the conditions on other tables`()
    throws
  {
    let folder = try TemporaryFolder()
    let store = try registry(20_000, in: folder)
    var filter = RunFilter()
    (filter.order, filter.limit, filter.name) = (.parameters, 20, "m*")
    filter.experiments = [TextCondition(TextPattern(literal: "e1"))]
    filter.tags = [TagCondition(key: TextPattern(literal: "k"), value: TextPattern(literal: "3"))]
    filter.schemes = ["normal"]
    let (runs, pages) = try store.counting { try $0.runs(filter) }
    let numbers = (1...20_000).filter { $0 % 50 == 1 && $0 % 7 == 3 }
    #expect(runs.map(\.parameterCount) == Array(numbers.suffix(20).reversed()))
    // 20 rows and 20 manifests, and the pages of the tags and the terms of 140 runs. Their rows alone are on 100 pages.
    #expect(pages <= 80, "\(pages)")
  }

  @Test(arguments: [RunFilter.Order.created, .name, .parameters])
  func `a page of an experiment reads no row of other runs, wherever its runs are in the order`(
    order: RunFilter.Order
  ) throws {
    let folder = try TemporaryFolder()
    try registry(20_000, in: folder).close()
    // The runs of the experiment are the last 1000 in the order, which are too many to be looked up one by one.
    let db = try DatabaseQueue(path: folder.path("r"))
    try db.write { try $0.execute(sql: "UPDATE runs SET experiment = 'early' WHERE id <= 1000") }
    try db.close()
    let store = try Store.open(folder.path("r"))
    var filter = RunFilter()
    (filter.order, filter.reversed, filter.limit) = (order, order == .name, 20)
    filter.experiments = [TextCondition(TextPattern(literal: "early"))]
    let (runs, pages) = try store.counting { try $0.runs(filter) }
    let numbers = order == .name ? (1...1000).filter { $0 % 2 == 0 } : Array(1...1000)
    #expect(runs.map(\.parameterCount) == Array(numbers.suffix(20).reversed()))
    // 20 runs side by side, in five indices and tables. The other 19,000 runs are on more than 100 pages.
    #expect(pages <= 20, "\(pages)")
  }

  @Test func `the history of a run is read without the history of the others`() throws {
    let folder = try TemporaryFolder()
    let store = try registry(20_000, in: folder)
    let run = try #require(try store.run(named: "m", version: 9999))
    let (entries, pages) = try store.counting { try $0.history(of: run.uid, limit: nil) }
    #expect(entries.count == 1 && pages <= 8, "\(pages)")
    #expect(try store.history(of: nil, limit: 3).count == 3)
  }
}
