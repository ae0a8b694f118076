// Does a record agree with itself?

import WinitCore
import WinitInitializers
import WinitJSON
import WinitStorage

extension Store {
  /// What in the record contradicts itself.
  func recordFindings(_ run: Run, _ tensors: [RecordedTensor]) throws -> [Finding] {
    var findings: [Finding] = []
    let manifest = try manifest(of: run)
    if Digest(of: manifest.utf8) != run.id {
      findings.append(
        Finding(.record, nil, "the recorded manifest does not have the run's id as its SHA-256"))
    }
    if run.lawVersion != lawVersion {
      findings.append(
        Finding(
          .record, nil, "the run follows the law `\(run.lawVersion)`; this version executes `\(lawVersion)`"))
    }
    let rebuilt = Manifest(seed: run.seed, tensors: tensors.map(\.manifestEntry))
    if rebuilt.canonical != manifest || rebuilt.weights != run.weights {
      findings.append(Finding(.record, nil, "the recorded tensors are not those of the manifest"))
    }
    for tensor in tensors {
      if Digest(ofChunks: tensor.chunkDigests) != tensor.digest {
        findings.append(Finding(.record, tensor.name, "its digest is not that of its chunk digests"))
      }
    }
    return findings
  }

  /// - Throws: `RegistryError.mismatch` where the record contradicts itself.
  func checkRecord(_ run: Run, _ tensors: [RecordedTensor]) throws {
    guard let finding = try recordFindings(run, tensors).first else { return }
    let subject = finding.tensor.map { "tensor `\($0)`: " } ?? ""
    throw RegistryError.mismatch(
      "the record of \(run.reference) contradicts itself: \(subject)\(finding.message); nothing was given out. `verify` shows more"
    )
  }
}

/// Why a recorded scheme does not give the recorded law; nil where it does.
func schemeProblem(_ tensor: RecordedTensor) -> String? {
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
    let law = try Scheme(json: .object(members)).resolve(shape: recipe.shape, dtype: recipe.dtype, fans: fans)
      .law
    if law == recorded { return nil }
    return
      "its scheme \(JSONValue.object(members).compact) resolves to \(law.json.compact) today, but \(recorded.json.compact) is recorded; the recorded law is what its bits follow"
  } catch {
    return "its recorded scheme does not resolve: \(error)"
  }
}
