// verify: the record against itself, the blobs against their digests, and the recipes against the same digests.

import CanonicalJSON
import Foundation
import InitLaw
import Initializers
import Manifests
public import Store
import Tensors

extension Registry {
  /// Checks a run. Whatever the mode, the record is held against itself: the id is the manifest's, the manifest is
  /// the tensors', and each recorded scheme still resolves to the recorded law.
  ///
  /// - Throws: `RegistryError.usage` where stored blobs are to be checked and the run has none; a mismatch is not
  ///   an error but a finding.
  public func verify(
    _ run: Run, mode: VerifyMode = .everything, threads: Int? = nil, progress: ProgressHandler? = nil
  ) throws -> Verification {
    let start = ContinuousClock.now
    let tensors = try store.tensors(of: run)
    if mode == .stored, !run.isStored {
      throw RegistryError.usage(
        "\(run.reference) is recipe-only and has no stored blobs to check; use --regenerate")
    }
    var verification = Verification(run: run)
    verification.findings = try store.recordFindings(run, tensors)
    for tensor in tensors {
      if let problem = schemeProblem(tensor) {
        verification.findings.append(Finding(.scheme, tensor.name, problem))
      }
    }
    let tasks = allChunks(tensors.map(\.recipe.byteCount))
    let total = tensors.reduce(0) { $0 + $1.recipe.byteCount }
    var tallies = [Int: Tally]()
    let windows = ChunkWindows(threads: threads ?? ProcessInfo.processInfo.activeProcessorCount)
    let store = store
    try windows.run(tasks) { task, buffer in
      try store.check(task.chunk, of: tensors[task.tensor], mode, buffer)
    } consume: { window in
      for chunk in window {
        let index = chunk.task.chunk.index
        verification.byteCount += chunk.bytes.count
        if let stored = chunk.result.stored {
          verification.storedChunks += 1
          if stored != .matches { tallies[chunk.task.tensor, default: Tally()].addStored(index, stored) }
        }
        if let regenerated = chunk.result.regenerated {
          verification.regeneratedChunks += 1
          if !regenerated { tallies[chunk.task.tensor, default: Tally()].regenerated.append(index) }
        }
      }
      try progress?(verification.byteCount, total)
    }
    for (index, tally) in tallies.sorted(by: { $0.key < $1.key }) {
      verification.findings += tally.findings(for: tensors[index])
    }
    verification.duration = .now - start
    return verification
  }
}

/// What became of a stored chunk.
private enum StoredState: Sendable, Equatable {
  case matches
  case missing
  /// Other bytes; against the chunk filled again, where that has the recorded digest, the elements that differ.
  case differs(Difference?)

  static func == (a: StoredState, b: StoredState) -> Bool {
    switch (a, b) {
    case (.matches, .matches), (.missing, .missing), (.differs, .differs): true
    default: false
    }
  }
}

extension Store {
  /// Checks a chunk; nil for what the mode leaves out or the tensor does not have.
  fileprivate func check(
    _ chunk: Chunk, of tensor: RecordedTensor, _ mode: VerifyMode, _ buffer: UnsafeMutableRawBufferPointer
  ) throws -> (stored: StoredState?, regenerated: Bool?) {
    let recipe = tensor.recipe
    let elements = chunk.elements(recipe.dtype)
    let digest = tensor.chunkDigests[chunk.index]
    var stored: StoredState?
    if mode != .regenerate, tensor.isStored {
      if try !readChunk(chunk.index, of: tensor, into: buffer) {
        stored = .missing
      } else if Digest(hashing: UnsafeRawBufferPointer(buffer).bytes) == digest {
        stored = .matches
      } else {
        let expected = recipe.bytes(elements)
        let isRight = Digest(hashing: expected.span.bytes) == digest
        stored = .differs(
          expected.withUnsafeBytes {
            isRight
              ? Difference(
                expected: $0, found: UnsafeRawBufferPointer(buffer), from: elements.lowerBound, of: recipe)
              : nil
          })
      }
    }
    guard mode != .stored else { return (stored, nil) }
    recipe.fill(elements, into: buffer)
    return (stored, Digest(hashing: UnsafeRawBufferPointer(buffer).bytes) == digest)
  }
}

/// What does not match in one tensor.
private struct Tally {
  var missing: [Int] = []
  var damaged: [Int] = []
  var regenerated: [Int] = []
  var difference: Difference?

  mutating func addStored(_ chunk: Int, _ state: StoredState) {
    guard case .differs(let found) = state else {
      missing.append(chunk)
      return
    }
    damaged.append(chunk)
    difference.add(found)
  }

  func findings(for tensor: RecordedTensor) -> [Finding] {
    var findings: [Finding] = []
    func add(_ kind: Finding.Kind, _ chunks: [Int], _ what: String) {
      guard !chunks.isEmpty else { return }
      var finding = Finding(
        kind, tensor.name, "\(chunks.count) of its \(tensor.chunkDigests.count) chunks \(what)")
      finding.chunks = chunks
      findings.append(finding)
    }
    add(.stored, missing, "should be stored and cannot be read")
    add(.stored, damaged, "are stored with other bytes" + (difference.map { "; " + $0.text } ?? ""))
    if !damaged.isEmpty {
      findings[findings.count - 1].difference = difference
      findings[findings.count - 1].likelyCause =
        "the registry file was damaged"
        + (regenerated.isEmpty ? "; the recipe still gives the right bytes" : "")
    }
    add(.regenerated, regenerated, "do not regenerate to their digests")
    return findings
  }
}
