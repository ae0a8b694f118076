// Contradictions inside the record of a run.

import Foundation
import WinitCore
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
          .record, nil, "the run follows the law \(quoted: run.lawVersion); this version executes \(quoted: lawVersion)"
        ))
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

  /// Returns the differences between the recorded size of a run and that of its tensors. The size is only shown and
  /// sorted by, so a wrong one does not keep a run from being read.
  func sizeFindings(_ run: RunRecord, _ tensors: [TensorRecord]) -> [Verification.Finding] {
    let size = RunSize(tensors)
    return [("parameters", run.parameterCount, size.parameterCount), ("bytes", run.byteCount, size.byteCount)]
      .filter { $0.1 != $0.2 }
      .map { what, recorded, counted in
        .init(.record, nil, "the recorded number of \(what) is \(recorded), and the tensors have \(counted)")
      }
  }

  /// Checks the record of a run before the run is read or changed.
  ///
  /// - Throws: `RegistryError.mismatch` if the record contradicts itself.
  func checkRecord(_ run: RunRecord, _ tensors: [TensorRecord]) throws {
    guard let finding = try recordFindings(run, tensors).first else { return }
    let subject = finding.tensor.map { "tensor \(quoted: $0): " } ?? ""
    throw RegistryError.mismatch(
      "the record of \(run.reference) contradicts itself: \(subject)\(finding.message). Nothing was written"
    )
  }
}

extension Store {
  /// Returns tensors of a run by name, checked against the manifest. Unlike `checkRecord`, this reads no other tensor:
  /// the manifest has the id of the run as its digest, and contains the text of each tensor.
  ///
  /// - Returns: the tensors; nil if one of them does not exist, or if the record contradicts itself, which
  ///   `checkRecord` then explains.
  func checkedTensors(named names: [TensorName], of run: RunRecord) throws -> [TensorRecord]? {
    guard let (selected, others) = try tensors(named: names, of: run) else { return nil }
    var text = try manifest(of: run)
    // Hashed in place: the manifest of a large model has tens of megabytes.
    let id = text.withUTF8 { bytes -> SHA256Digest in
      var hasher = SHA256Hasher()
      hasher.update(UnsafeRawBufferPointer(bytes))
      return hasher.finish()
    }
    guard id == run.id, run.lawVersion == lawVersion else { return nil }
    let manifest = Manifest(seed: run.seed, tensors: [])
    guard text.utf8.starts(with: manifest.opening.utf8) else { return nil }
    for tensor in selected + others {
      // In a JSON text, a quote inside a string has a backslash before it, so this is never found inside a string.
      guard isFound(manifest.text(of: tensor.manifestEntry), in: text),
        SHA256Digest(ofChunks: tensor.chunkDigests) == tensor.digest
      else { return nil }
    }
    return selected
  }
}

/// Returns whether a text contains the bytes of another text, which is not empty.
private func isFound(_ part: String, in text: String) -> Bool {
  var (part, text) = (part, text)
  return text.withUTF8 { text in
    part.withUTF8 { part in
      guard let first = part.first, var rest = text.baseAddress, let bytes = part.baseAddress else { return false }
      let end = rest + text.count
      while end - rest >= part.count, let found = memchr(rest, Int32(first), end - rest - part.count + 1) {
        if memcmp(found, bytes, part.count) == 0 { return true }
        rest = UnsafePointer(found.assumingMemoryBound(to: UInt8.self)) + 1
      }
      return false
    }
  }
}
