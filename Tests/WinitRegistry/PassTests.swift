import Testing
import WinitRegistry
import WinitTestSupport

@Suite struct PassTests {
  private let spec = "tensors: {w: [40, 262144]}\nrules: [{match: w, init: normal}]"  // 40 chunks

  @Test("a sample looks at so many chunks, and finds damage where it looks")
  func sample() throws {
    let fixture = try Fixture()
    let run = try fixture.create("m", spec)
    let some = try fixture.registry.verify(run, sample: 7)
    #expect(some.storedChunks == 7 && some.regeneratedChunks == 7 && some.sampledFrom == 40 && some.matches)
    #expect(some.level == "stored bytes and regeneration, a sample of 7 of 40 chunks")
    #expect(try fixture.registry.verify(run, sample: 400).storedChunks == 40)
    try fixture.tamper("UPDATE chunks SET bytes = zeroblob(size) WHERE id % 2 = 1")
    // Twenty of forty are damaged: thirty drawn hold at least ten of them.
    let found = try fixture.registry.verify(run, mode: .stored, sample: 30)
    #expect((10...20).contains(found.findings.first?.chunks.count ?? 0))
  }

  @Test("a sample is shared out among runs by their sizes")
  func shares() throws {
    let fixture = try Fixture()
    let small = try fixture.create("s", "tensors: {w: [2]}\nrules: [{match: w, init: normal}]")
    let runs = [small, try fixture.create("m", spec, recipeOnly: true), small]
    let shares = fixture.registry.allocateSample(ofSample: 20, among: runs)
    // The small ones have four parts in ten million.
    #expect(shares.reduce(0, +) == 20 && shares[1] >= 19)
    // No more than there can be, however many are asked for.
    #expect(fixture.registry.allocateSample(ofSample: .max, among: runs).reduce(0, +) <= 43)
  }

  @Test("a pass that was not finished goes on with what it has not seen; a finished one does not")
  func resume() throws {
    let fixture = try Fixture()
    let registry = fixture.registry
    let runs = try (1...3).map {
      try fixture.create("m", "tensors: {w: [2]}\nrules: [{match: w, init: normal}]", seed: $0)
    }
    let pass = try registry.beginPass(["level": "all"], resuming: false)
    try registry.record(registry.verify(runs[0]), in: pass)
    try fixture.tamper("UPDATE chunks SET bytes = zeroblob(size) WHERE id = 2")
    try registry.record(registry.verify(runs[1]), in: pass)
    #expect(try registry.beginPass(["level": "other"], resuming: true).seen.isEmpty)
    let again = try registry.beginPass(["level": "all"], resuming: true)
    #expect(again.seen == [runs[0].uid: true, runs[1].uid: false])
    #expect(try registry.beginPass(["level": "all"], resuming: false).seen.isEmpty)
    try registry.finish(again)
    #expect(try registry.beginPass(["level": "all"], resuming: true).seen.isEmpty)
    #expect(try registry.history(of: runs[1]).map(\.action) == ["verify", "create"])
  }
}
