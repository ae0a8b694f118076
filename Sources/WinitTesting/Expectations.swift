// Reproducibility audits as expectations of Swift Testing.

public import Testing
public import WinitRegistry

/// Expects that a run still regenerates, bit for bit: every tensor is regenerated and must have its recorded digest,
/// and the record must agree with itself. Each mismatch is recorded as an issue that names the tensor.
///
/// ```swift
/// @Test func stepZero() throws {
///   try expectRegenerates("gpt2:v1", in: Registry(opening: "winit.sqlite"))
/// }
/// ```
///
/// - Parameters:
///   - reference: `NAME`, `NAME:v2`, `NAME:ALIAS`, `NAME@sha256:…` or `sha256:…`. An id pins the bits.
///   - registry: the registry that holds the run.
///   - threads: the number of worker threads; nil for one per processor.
///   - sourceLocation: the place in the source to which issues are attributed.
/// - Throws: `RegistryError` with the code `runNotFound` if there is no such run, or another code if the registry
///   cannot be read.
public func expectRegenerates(
  _ reference: String, in registry: Registry, threads: Int? = nil,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let run = try registry.run(reference)
  record(try registry.verify(run, level: .regenerate, threads: threads), sourceLocation)
}

/// Expects that a checkpoint holds a run: names, shapes, dtypes and bits. Each difference is recorded as an issue that
/// names the tensor, its first differing element and the likely cause.
///
/// ```swift
/// @Test func checkpoint() throws {
///   let registry = try Registry(opening: "winit.sqlite")
///   try expectCheckpoint("step-0.safetensors", matches: "gpt2:v1", in: registry)
/// }
/// ```
///
/// - Parameters:
///   - path: the path of a .safetensors file, or of the index of a sharded checkpoint.
///   - reference: `NAME`, `NAME:v2`, `NAME:ALIAS`, `NAME@sha256:…` or `sha256:…`. An id pins the bits.
///   - registry: the registry that holds the run.
///   - threads: the number of worker threads; nil for one per processor.
///   - sourceLocation: the place in the source to which issues are attributed.
/// - Throws: `RegistryError` with the code `runNotFound` if there is no such run, `fileNotFound`, or `invalidFile` if
///   the file is not a checkpoint.
public func expectCheckpoint(
  _ path: String, matches reference: String, in registry: Registry, threads: Int? = nil,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let run = try registry.run(reference)
  record(try registry.verify(run, against: path, threads: threads), sourceLocation)
}

/// Expects that weights are those of a tensor of a run, bit for bit, so that 0 and -0 differ. A difference is recorded
/// as an issue that names the tensor and the first differing element.
///
/// ```swift
/// @Test func firstLayer() throws {
///   let registry = try Registry(opening: "winit.sqlite")
///   try expectWeights(model.layers[0].weight, equal: "layers.0.weight", of: "gpt2:v1", in: registry)
/// }
/// ```
///
/// - Parameters:
///   - weights: the elements in row-major order.
///   - tensor: the name of a floating-point tensor. float64 elements are rounded to the nearest `Float`, which is exact
///     for elements that were filled from a recipe.
///   - reference: `NAME`, `NAME:v2`, `NAME:ALIAS`, `NAME@sha256:…` or `sha256:…`. An id pins the bits.
///   - registry: the registry that holds the run.
///   - sourceLocation: the place in the source to which issues are attributed.
/// - Throws: `RegistryError` with the code `runNotFound`, `tensorNotFound`, or `invalidArgument` if the tensor holds
///   integers or truth values.
public func expectWeights(
  _ weights: some Collection<Float>, equal tensor: String, of reference: String, in registry: Registry,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let run = try registry.run(reference)
  let expected = try registry.floats(of: tensor, in: run)
  guard weights.count == expected.count else {
    Issue.record(
      "tensor `\(tensor)` of \(run.reference) has \(expected.count) elements; the number of weights given is \(weights.count)",
      sourceLocation: sourceLocation)
    return
  }
  let differing = zip(weights, expected).enumerated().filter { $1.0.bitPattern != $1.1.bitPattern }
  guard let (index, (found, wanted)) = differing.first else { return }
  let verb = differing.count == 1 ? "differs" : "differ"
  Issue.record(
    "tensor `\(tensor)` of \(run.reference): \(differing.count) of \(expected.count) elements \(verb); first at element \(index): \(wanted) expected, \(found) found",
    sourceLocation: sourceLocation)
}

private func record(_ verification: Verification, _ sourceLocation: SourceLocation) {
  for finding in verification.findings {
    let tensor = finding.tensor.map { "tensor `\($0)` of " } ?? ""
    let cause = finding.likelyCause.map { "; likely cause: \($0)" } ?? ""
    Issue.record(
      "\(tensor)\(verification.run.reference): \(finding.message)\(cause)", sourceLocation: sourceLocation)
  }
}
