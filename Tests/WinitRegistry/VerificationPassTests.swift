// verify of many runs: samples, damaged records, interruptions.

import Foundation
import Testing
import WinitJSON
import WinitRegistry
import WinitStorage
import WinitTestSupport

private let largeSpec = "tensors: {w: [40, 262144]}\nrules: [{match: w, init: normal}]"  // 40 chunks

extension VerificationSummary {
  fileprivate var references: [String] { results.map(\.run.reference) }

  /// The number of chunks that were checked.
  fileprivate var chunkCount: Int { results.reduce(0) { $0 + max($1.storedChunks, $1.regeneratedChunks) } }
}

@Suite struct VerificationPassTests {
  /// Creates three runs of one chunk. A verification of all runs begins with the newest, m:v3.
  private func threeRuns() throws -> (fixture: Fixture, runs: [Run]) {
    let fixture = try Fixture()
    return (fixture, try (1...3).map { try fixture.create("m", tinySpec, seed: $0) })
  }

  /// Verifies runs and stops in the second of them.
  private func interrupt(_ registry: Registry, _ selection: RunSelection, level: Verification.Level = .everything) {
    var calls = 0
    #expect(throws: Stop.self) {
      try registry.verify(selection, level: level) { _, _ in
        calls += 1
        if calls == 2 { throw Stop() }
      }
    }
  }

  // MARK: - Samples

  @Test func `a sample checks the given number of chunks of a run, and finds damage in them`() throws {
    let fixture = try Fixture()
    let run = try fixture.create("m", largeSpec)
    let sample = try fixture.registry.verify(run, sample: 7)
    #expect(sample.storedChunks == 7 && sample.regeneratedChunks == 7 && sample.sampledFrom == 40 && sample.matches)
    #expect(sample.byteCount == 7 << 20)
    #expect(sample.scope == "stored bytes and regeneration, a sample of 7 of 40 chunks")
    #expect(try fixture.registry.verify(run, sample: 400).storedChunks == 40)
    #expect(try fixture.registry.verify(run, sample: 0).storedChunks == 0)
    try fixture.tamper("UPDATE chunks SET bytes = zeroblob(size) WHERE id % 2 = 1")
    // Twenty of forty are damaged: a sample of thirty has at least ten of them.
    let found = try fixture.registry.verify(run, level: .stored, sample: 30)
    #expect((10...20).contains(found.findings.first?.chunks.count ?? 0))
  }

  @Test func `a sample over several runs is divided by their sizes`() throws {
    let fixture = try Fixture()
    let small = try fixture.create("s", tinySpec)
    let large = try fixture.create("m", largeSpec, recipeOnly: true)
    let summary = try fixture.registry.verify(.runs([small, large, small]), sample: 20)
    // The small runs have four parts in ten million.
    #expect(summary.chunkCount == 20 && (summary.results.first { $0.run == large }?.regeneratedChunks ?? 0) >= 19)
    #expect(summary.matches && summary.results.allSatisfy { $0.sampledFrom != nil })
    // A sample that is larger than the runs together ends.
    #expect(try fixture.registry.verify(.runs([small, large, small]), sample: .max).chunkCount <= 42)
  }

  @Test(arguments: [0, 1, 2, 5, 11])
  func `a sample over several runs never checks more chunks than it has`(sample: Int) throws {
    let fixture = try Fixture()
    for seed in 1...4 {
      _ = try fixture.create("m", tinySpec, seed: UInt64(seed))
      _ = try fixture.create("n", twoChunkSpec, seed: UInt64(seed), recipeOnly: seed % 2 == 0)
    }
    for _ in 0..<5 {
      let summary = try fixture.registry.verify(.all, sample: sample)
      #expect(summary.chunkCount <= sample)
      // Only runs that a chunk was drawn from are verified.
      #expect(summary.results.allSatisfy { max($0.storedChunks, $0.regeneratedChunks) > 0 })
    }
    // A sample is not resumable.
    #expect(try fixture.count("verification_passes") == 0)
  }

  // MARK: - Runs that cannot be verified

  @Test(arguments: [false, true])
  func `a run whose record is damaged is reported, and the other runs are verified`(all: Bool) throws {
    let (fixture, runs) = try threeRuns()
    try fixture.tamper("UPDATE tensors SET dtype = 'float8' WHERE run = 2")
    let summary = try fixture.registry.verify(all ? .all : .runs(runs))
    #expect(summary.references == (all ? ["m:v3", "m:v1"] : ["m:v1", "m:v3"]))
    #expect(summary.results.allSatisfy(\.matches) && !summary.matches)
    #expect(summary.unreadable == [runs[1]] && summary.failures.map(\.error.code) == [.damagedRegistry])
    // A single run that cannot be read is an error.
    expectError(.damagedRegistry) { try fixture.registry.verify(.runs([runs[1]])) }
    expectError(.damagedRegistry) { try fixture.registry.verify(runs[1]) }
  }

  @Test
  func `a run that cannot be read is tried again when the verification is resumed, also where it is the only one left`()
    throws
  {
    let (fixture, runs) = try threeRuns()
    try fixture.tamper("UPDATE tensors SET dtype = 'float8' WHERE run = 2")
    _ = try fixture.registry.verify(.all)
    let summary = try fixture.registry.verify(.all, resuming: true)
    #expect(
      summary.resumedAfter == 2 && summary.references == [] && summary.unreadable == [runs[1]] && !summary.matches)
    try fixture.tamper("UPDATE tensors SET dtype = 'float32' WHERE run = 2")
    #expect(try fixture.registry.verify(.all, resuming: true).references == ["m:v2"])
  }

  @Test func `a run that does not match is a result, and the other runs are verified`() throws {
    let (fixture, runs) = try threeRuns()
    try fixture.tamper("UPDATE chunks SET bytes = zeroblob(size) WHERE id = 2")
    let summary = try fixture.registry.verify(.all)
    #expect(summary.references == ["m:v3", "m:v2", "m:v1"] && summary.unreadable.isEmpty && !summary.matches)
    #expect(summary.results.map(\.matches) == [true, false, true])
    // The outcome of each run is in the history.
    let outcomes = try fixture.registry.history(limit: 3).map { $0.record.detail["matches"]?.canonical }
    #expect(outcomes == ["true", "false", "true"])
    #expect(try fixture.registry.history(of: runs[1]).map(\.action) == ["verify", "create"])
  }

  @Test
  func `a verification of the stored bytes of all runs skips recipe-only runs, and of a named one is refused`() throws {
    let (fixture, _) = try threeRuns()
    let recipe = try fixture.create("r", tinySpec, recipeOnly: true)
    let summary = try fixture.registry.verify(.all, level: .stored)
    #expect(summary.skipped == [recipe] && summary.references == ["m:v3", "m:v2", "m:v1"] && summary.matches)
    expectError(.invalidArgument) { try fixture.registry.verify(.runs([recipe]), level: .stored) }
  }

  // MARK: - Interruptions

  @Test
  func `a resumed verification skips the runs that were verified before the interruption, and reports them`() throws {
    let (fixture, runs) = try threeRuns()
    let registry = fixture.registry
    try fixture.tamper("UPDATE chunks SET bytes = zeroblob(size) WHERE id = 3")
    interrupt(registry, .all)
    var events: [String] = []
    let summary = try registry.verify(
      .all, level: .everything, sample: nil, resuming: true, threads: nil, progress: nil
    ) { event in
      if case .resumed(let after, let failed) = event { events.append("\(after) \(failed)") }
      if case .started(let run) = event { events.append(run.reference) }
    }
    #expect(events == ["1 1", "m:v2", "m:v1"])
    #expect(summary.references == ["m:v2", "m:v1"] && summary.results.allSatisfy(\.matches))
    #expect(summary.resumedAfter == 1 && summary.failedBefore == [runs[2]] && summary.selectedCount == 2)
    // The run that did not match before the interruption counts.
    #expect(!summary.matches)
    // The verification is complete, so there is nothing to resume.
    let next = try registry.verify(.all, resuming: true)
    #expect(next.resumedAfter == 0 && next.failedBefore.isEmpty && next.references.count == 3)
  }

  @Test func `a run that was created after the interruption is verified too, and a deleted one is not`() throws {
    let (fixture, runs) = try threeRuns()
    interrupt(fixture.registry, .all)
    _ = try fixture.create("m", tinySpec, seed: 4)
    try fixture.registry.delete([runs[0]])
    #expect(try fixture.registry.verify(.all, resuming: true).references == ["m:v4", "m:v2"])
  }

  @Test func `a verification that does not resume begins again, and replaces the interrupted one`() throws {
    let (fixture, _) = try threeRuns()
    interrupt(fixture.registry, .all)
    #expect(try fixture.registry.verify(.all).references.count == 3)
    #expect(try fixture.registry.verify(.all, resuming: true).resumedAfter == 0)
    #expect(try fixture.count("pass_runs") == 0)
  }

  @Test func `another level or another selection does not resume an interrupted verification`() throws {
    let (fixture, runs) = try threeRuns()
    let registry = fixture.registry
    interrupt(registry, .all)
    for level in [Verification.Level.stored, .regenerate] {
      #expect(try registry.verify(.all, level: level, resuming: true).resumedAfter == 0)
    }
    let since = RunSelection.since(.now.addingTimeInterval(-3600), label: "1h")
    #expect(try registry.verify(since, resuming: true).resumedAfter == 0)
    #expect(try registry.verify(.runs(runs), resuming: true).resumedAfter == 0)
    // The interrupted verification itself is still resumable.
    #expect(try registry.verify(.all, resuming: true).resumedAfter == 1)
    // A verification of named runs never is.
    interrupt(registry, .runs(runs))
    #expect(try registry.verify(.runs(runs), resuming: true).resumedAfter == 0)
  }

  @Test func `a verification since a time selects by the time, and is resumed by its label`() throws {
    let (fixture, _) = try threeRuns()
    let registry = fixture.registry
    try fixture.tamper("UPDATE runs SET created_at = '2020-01-01T00:00:00Z' WHERE version = 1")
    let recent = { (label: String) in RunSelection.since(.now.addingTimeInterval(-7 * 86_400), label: label) }
    #expect(try registry.verify(recent("7d")).references == ["m:v3", "m:v2"])
    interrupt(registry, recent("7d"))
    #expect(try registry.verify(recent("8d"), resuming: true).resumedAfter == 0)
    // The time is another one when the verification is resumed.
    let summary = try registry.verify(.since(.now.addingTimeInterval(-7 * 86_400 + 60), label: "7d"), resuming: true)
    #expect(summary.resumedAfter == 1 && summary.references == ["m:v2"])
  }
}
