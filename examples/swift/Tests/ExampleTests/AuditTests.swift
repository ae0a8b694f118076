// An audit of an initialization, as part of the tests of a training program.

import Foundation
import Testing
import WinitRegistry
import WinitTesting

/// Fails on the day on which the initialization changes.
///
/// In a real project, the registry is a file in the repository, which `winit-registry create … --recipe-only` or
/// `winit-registry import` wrote, and the training program writes the checkpoint. Here the tests make both.
@Suite final class AuditTests {
  let folder = FileManager.default.temporaryDirectory.appending(path: "winit-example-\(UUID().uuidString)")
  let registry: Registry
  var checkpoint: String { folder.appending(path: "step-0.safetensors").path }

  init() throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    registry = try Registry(openingOrCreating: folder.appending(path: "winit.sqlite").path)
    let spec = try ModelSpec(
      parsing: """
        tensors: {fc.weight: [10, 20], fc.bias: [10]}
        rules: [{match: "*.weight", init: he_normal}, {match: "*", init: zeros}]
        """)
    var options = CreateOptions()
    options.recipeOnly = true
    let run = try registry.create("tiny", spec: spec, seed: 1, options: options).run
    try registry.export(run, to: checkpoint)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  @Test("the recipe still gives the recorded bits")
  func recipe() throws {
    try expectRegenerates("tiny@sha256:67d1ed7dd079", in: registry)
  }

  @Test("the checkpoint at step 0 is the recorded initialization")
  func stepZero() throws {
    try expectCheckpoint(checkpoint, matches: "tiny:v1", in: registry)
  }

  @Test("the program reads the recorded weights")
  func weights() throws {
    let zeros = [Float](repeating: 0, count: 10)
    try expectWeights(zeros, equal: "fc.bias", of: "tiny:v1", in: registry)
  }

  @Test("a run that the registry does not hold is an error")
  func unknownRun() throws {
    #expect {
      try expectRegenerates("tiny:v2", in: registry)
    } throws: {
      ($0 as? RegistryError)?.code == .runNotFound
    }
  }
}
