// Reproducibility audits as expectations of Swift Testing.

public import Testing
public import WinitRegistry

/// Expects that a run still regenerates, bit for bit: every tensor is filled again and must have its recorded digest,
/// and the record must agree with itself. Each mismatch is recorded as an issue that names the tensor.
///
/// ```swift
/// @Test func stepZero() throws {
///   try expectRegenerates("gpt2:v1", in: Registry(opening: "winit.sqlite"))
/// }
/// ```
///
/// - Parameters:
///   - reference: `NAME`, `NAME:v2`, `NAME@sha256:…` or `sha256:…`. An id pins the bits.
///   - threads: nil for one per processor.
/// - Throws: where the run is not there or the registry cannot be read.
public func expectRegenerates(
  _ reference: String, in registry: Registry, threads: Int? = nil,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let run = try registry.run(reference)
  record(try registry.verify(run, mode: .regenerate, threads: threads), sourceLocation)
}

/// Expects that a .safetensors file, or a sharded checkpoint by its index, holds a run: names, shapes, dtypes and
/// bits. Each difference is recorded as an issue that names the tensor and its first differing element.
///
/// - Throws: where the run is not there or the file is no checkpoint.
public func expectCheckpoint(
  _ path: String, matches reference: String, in registry: Registry, threads: Int? = nil,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let run = try registry.run(reference)
  record(try registry.verify(run, against: path, threads: threads), sourceLocation)
}

/// Expects that weights are those of a tensor of a run, bit for bit, with zeros told apart by their sign. A
/// difference is recorded as an issue that names the tensor and the first differing element.
///
/// - Parameter weights: the elements in row-major order.
/// - Throws: where the run or the tensor is not there, or the tensor is not floating point.
public func expectWeights(
  _ weights: some Collection<Float>, equal tensor: TensorName, of reference: String, in registry: Registry,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let run = try registry.run(reference)
  let expected = try registry.floats(of: tensor, in: run)
  guard weights.count == expected.count else {
    Issue.record(
      "tensor `\(tensor)` of \(run.reference) has \(expected.count) elements; \(weights.count) were given",
      sourceLocation: sourceLocation)
    return
  }
  let differing = zip(weights, expected).enumerated().filter { $1.0.bitPattern != $1.1.bitPattern }
  guard let (index, (found, wanted)) = differing.first else { return }
  Issue.record(
    "tensor `\(tensor)` of \(run.reference): \(differing.count) of \(expected.count) elements differ; first is element \(index): \(wanted) expected, \(found) found",
    sourceLocation: sourceLocation)
}

private func record(_ verification: Verification, _ sourceLocation: SourceLocation) {
  for finding in verification.findings {
    let tensor = finding.tensor.map { "tensor `\($0)` of " } ?? ""
    let cause = finding.likelyCause.map { " (likely: \($0))" } ?? ""
    Issue.record(
      "\(tensor)\(verification.run.reference): \(finding.message)\(cause)", sourceLocation: sourceLocation)
  }
}
