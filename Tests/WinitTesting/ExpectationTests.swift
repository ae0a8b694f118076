// The expectations that the package offers to the tests of its users.

import Foundation
import GRDB
import Testing
import WinitRegistry
import WinitTestSupport
import WinitTesting

private let spec =
  """
  tensors: {w: [4, 8], b: [8], n: {shape: [], dtype: int32}}
  rules: [{match: w, init: normal}, {match: "*", init: zeros}]
  """

/// Returns the messages of the issues that a body records. These issues are the promise under test, so the summary of
/// the tests counts them as known.
private func issues(_ body: () throws -> Void) throws -> [String] {
  nonisolated(unsafe) var messages: [String] = []
  try withKnownIssue(isIntermittent: true) {
    try body()
  } matching: { issue in
    messages.append(issue.comments.map(\.rawValue).joined())
    return true
  }
  return messages
}

/// Two runs of one spec, and the checkpoint of the first.
private struct Runs {
  let folder: TemporaryFolder
  let registry: Registry
  let weights: [Float]
  var checkpoint: String { folder.path("m.safetensors") }

  init() throws {
    folder = try TemporaryFolder()
    registry = try Registry(openingOrCreating: folder.path("r"))
    let run = try registry.create("m", spec: ModelSpec(parsing: spec), seed: 1).run
    _ = try registry.create("n", spec: ModelSpec(parsing: spec), seed: 2)
    weights = try registry.floats(of: "w", in: run)
    try registry.export(run, to: checkpoint)
  }
}

@Suite struct ExpectationTests {
  @Test func `no issue is recorded for a run that regenerates, its checkpoint and its weights`() throws {
    let runs = try Runs()
    #expect(try issues { try expectRegenerates("m:v1", in: runs.registry) } == [])
    #expect(try issues { try expectCheckpoint(runs.checkpoint, matches: "m", in: runs.registry) } == [])
    #expect(try issues { try expectWeights(runs.weights, equal: "w", of: "m", in: runs.registry) } == [])
  }

  @Test func `the checkpoint of another run is an issue for each tensor that differs, with the likely cause`() throws {
    let runs = try Runs()
    let found = try issues { try expectCheckpoint(runs.checkpoint, matches: "n", in: runs.registry) }
    try #require(found.count == 1)
    #expect(found[0].hasPrefix("tensor `w` of n:v1: 32 of 32 elements differ; first at [0, 0] (element 0): "))
    #expect(found[0].hasSuffix("\(runs.weights[0]) found; likely cause: the values of seed 1"))
  }

  @Test func `weights that differ are an issue with the first differing element and both values`() throws {
    let runs = try Runs()
    var changed = runs.weights
    changed[9] = 5
    #expect(
      try issues { try expectWeights(changed, equal: "w", of: "m", in: runs.registry) } == [
        "tensor `w` of m:v1: 1 of 32 elements differs; first at element 9: \(runs.weights[9]) expected, 5.0 found"
      ])
    #expect(
      try issues { try expectWeights([1], equal: "w", of: "m", in: runs.registry) } == [
        "tensor `w` of m:v1 has 32 elements; the number of weights given is 1"
      ])
    let negativeZeros = [Float](repeating: -0.0, count: 8)
    #expect(try issues { try expectWeights(negativeZeros, equal: "b", of: "m", in: runs.registry) }.count == 1)
  }

  @Test
  func `a run that no longer regenerates is an issue for the record and for each tensor, with the first element`()
    throws
  {
    let runs = try Runs()
    let db = try DatabaseQueue(path: runs.folder.path("r"))
    try db.write { try $0.execute(sql: "UPDATE tensors SET stream = '3' WHERE run = 1 AND name = 'w'") }
    let found = try issues { try expectRegenerates("m", in: runs.registry) }
    try #require(found.count == 2)
    #expect(found[0].hasPrefix("m:v1: "))
    #expect(found[1].hasPrefix("tensor `w` of m:v1: 1 of 1 chunks (bytes 0 to 127) "))
    #expect(found[1].contains("first at [0, 0] (element 0): \(runs.weights[0]) expected"))
  }

  @Test func `a run, a tensor or a file that does not exist is an error and not an issue`() throws {
    let runs = try Runs()
    func code(_ body: () throws -> Void) -> RegistryError.Code? {
      #expect(throws: RegistryError.self, performing: body)?.code
    }
    #expect(code { try expectRegenerates("gone", in: runs.registry) } == .runNotFound)
    #expect(code { try expectWeights([1], equal: "v", of: "m", in: runs.registry) } == .tensorNotFound)
    #expect(code { try expectWeights([1], equal: "n", of: "m", in: runs.registry) } == .invalidArgument)
    #expect(code { try expectCheckpoint("none", matches: "m", in: runs.registry) } == .fileNotFound)
  }
}
