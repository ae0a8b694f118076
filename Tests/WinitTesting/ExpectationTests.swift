import Foundation
import GRDB
import Testing
import WinitRegistry
import WinitTestSupport
import WinitTesting

private let spec = "tensors: {w: [4, 8], b: [8]}\nrules: [{match: b, init: zeros}, {match: w, init: normal}]"

/// The messages of the issues that an expectation records. That it records them is the promise under test, so the
/// summary of a run counts them as known.
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

@Suite struct ExpectationTests {
  @Test(
    "a run that regenerates, its file and its weights pass; other ones fail with the tensor and the element")
  func expectations() throws {
    let folder = try TemporaryFolder()
    let registry = try Registry(openingOrCreating: folder.path("r"))
    let run = try registry.create("m", spec: ModelSpec(parsing: spec, file: "s"), seed: 1).run
    _ = try registry.create("n", spec: ModelSpec(parsing: spec, file: "s"), seed: 2)
    _ = try registry.export(run, to: folder.path("m.safetensors"))
    let weights = try registry.floats(of: "w", in: run)

    #expect(try issues { try expectRegenerates("m:v1", in: registry) } == [])
    #expect(
      try issues { try expectCheckpoint(folder.path("m.safetensors"), matches: "m", in: registry) } == [])
    #expect(try issues { try expectWeights(weights, equal: "w", of: "m", in: registry) } == [])

    let file = try issues { try expectCheckpoint(folder.path("m.safetensors"), matches: "n", in: registry) }
    #expect(file.count == 1)
    #expect(file[0].contains("tensor `w` of n:v1: 32 of 32 elements differ; first at [0, 0] (element 0): "))
    #expect(file[0].contains("(likely: the values of seed 1)"))

    var changed = weights
    changed[9] = 5
    let values = try issues { try expectWeights(changed, equal: "w", of: "m", in: registry) }
    #expect(
      values == [
        "tensor `w` of m:v1: 1 of 32 elements differ; first is element 9: \(weights[9]) expected, 5.0 found"
      ])
    #expect(
      try issues { try expectWeights([1], equal: "w", of: "m", in: registry) } == [
        "tensor `w` of m:v1 has 32 elements; 1 were given"
      ])
    #expect(throws: RegistryError.self) { try expectRegenerates("gone", in: registry) }

    let db = try DatabaseQueue(path: folder.path("r"))
    try db.write { try $0.execute(sql: "UPDATE tensors SET stream = '3' WHERE run = 1") }
    let regenerated = try issues { try expectRegenerates("m", in: registry) }
    #expect(regenerated.count == 2)
    #expect(regenerated[0].contains("m:v1: the recorded tensors are not those of the manifest"))
    #expect(
      regenerated[1].contains(
        "tensor `w` of m:v1: 1 of its 1 chunks (bytes 0 to 127) do not regenerate to their digests; first at [0, 0] (element 0): \(weights[0]) expected"
      ))
  }
}
