// Contradictions inside the record of a run.

import WinitCore
import WinitInitializers
import WinitJSON
import WinitStorage

extension Store {
  /// Returns the contradictions inside the record of a run.
  func recordFindings(_ run: RunRecord, _ tensors: [TensorRecord]) throws -> [Verification.Finding] {
    var findings: [Verification.Finding] = []
    let manifest = try manifest(of: run)
    if SHA256Digest(of: manifest.utf8) != run.id {
      findings.append(
        Verification.Finding(.record, nil, "the recorded manifest does not have the run's id as its SHA-256"))
    }
    if run.lawVersion != lawVersion {
      findings.append(
        Verification.Finding(
          .record, nil, "the run follows the law `\(run.lawVersion)`; this version executes `\(lawVersion)`"))
    }
    let rebuilt = Manifest(seed: run.seed, tensors: tensors.map(\.manifestEntry))
    if rebuilt.canonical != manifest || rebuilt.weights != run.weights {
      findings.append(Verification.Finding(.record, nil, "the recorded tensors differ from the manifest"))
    }
    for tensor in tensors {
      if SHA256Digest(ofChunks: tensor.chunkDigests) != tensor.digest {
        findings.append(Verification.Finding(.record, tensor.name, "its digest is not the digest of its chunk digests"))
      }
    }
    return findings
  }

  /// Checks the record of a run before the run is read or changed.
  ///
  /// - Throws: `RegistryError.mismatch` if the record contradicts itself.
  func checkRecord(_ run: RunRecord, _ tensors: [TensorRecord]) throws {
    guard let finding = try recordFindings(run, tensors).first else { return }
    let subject = finding.tensor.map { "tensor `\($0)`: " } ?? ""
    throw RegistryError.mismatch(
      "the record of \(run.reference) contradicts itself: \(subject)\(finding.message). Nothing was written"
    )
  }
}

/// Returns why the recorded scheme of a tensor does not give its recorded law; nil if it does.
func schemeProblem(_ tensor: TensorRecord) -> String? {
  let recipe = tensor.recipe
  switch (tensor.scheme["scheme"]?.stringValue, recipe.law) {
  case ("same_as", _): return tensor.tiedTo == nil ? "its scheme is same_as, and its law is not" : nil
  case ("literal", let law): return law == .literal ? nil : "its scheme is literal, and its law is not"
  case ("parts", .parts(let parts)):
    let records = tensor.scheme["parts"]?.arrayValue ?? []
    guard records.count == parts.count else { return "its scheme has other parts than its law" }
    return zip(records, parts).compactMap { schemeProblem($0["init"] ?? .null, recipe, law: $1.law) }.first
  default: return schemeProblem(tensor.scheme, recipe, law: recipe.law)
  }
}

private func schemeProblem(_ scheme: JSONValue, _ recipe: Recipe, law recorded: Law) -> String? {
  let members = (scheme.objectValue ?? []).filter {
    !FanSource.keys.contains($0.key) && !["picked", "because"].contains($0.key)
  }
  guard let fans = FanSource(json: scheme) else { return "its recorded scheme has no layout and no fans" }
  do {
    let law = try WinitInitializers.Scheme(json: .object(members)).resolve(
      shape: recipe.shape, dtype: recipe.dtype, fans: fans
    )
    .law
    if law == recorded { return nil }
    return
      "its scheme \(JSONValue.object(members).compact) resolves to \(law.json.compact) today, but \(recorded.json.compact) is recorded; the recorded law is what its bits follow"
  } catch {
    return "its recorded scheme does not resolve: \(error)"
  }
}
