// What is recorded with a run besides its tensors: whether it can be read, and is about this run.

import WinitCore
import WinitDiagnosis
import WinitJSON
import WinitStorage

/// A part of what is recorded with a run that cannot be used.
struct DetailFinding {
  /// The part: a member of the details by its key, `record` for all of them, or a kept diagnosis.
  enum Part {
    case detail(String)
    case diagnosis(DiagnosisRecord.Kind)
  }

  let part: Part
  let problem: String

  /// The sentence of an error or a report.
  var message: String {
    switch part {
    case .detail("record"): "the recorded details cannot be read: \(problem)"
    case .detail(let key): "the recorded `\(key)` cannot be read: \(problem)"
    case .diagnosis(let kind): "the kept diagnosis of the \(kind.rawValue) cannot be used: \(problem)"
    }
  }
}

extension WinitStorage.RunDetails {
  /// The members that cannot be read.
  var findings: [DetailFinding] {
    var findings = damaged.map { key in
      DetailFinding(
        part: .detail(key), problem: key == "record" ? "they are no JSON object" : "it has values of another type")
    }
    if let network {
      do throws(Network.InvalidJSON) { _ = try PlannedNetwork(reading: network) } catch {
        findings.append(DetailFinding(part: .detail("network"), problem: error.message))
      }
    }
    if let index = allowed.firstIndex(where: { AllowedPattern(json: $0) == nil }) {
      findings.append(DetailFinding(part: .detail("allow"), problem: "entry \(index) is no allowed finding"))
    }
    return findings
  }
}

extension DiagnosisRecord {
  /// Reads the document.
  ///
  /// - Throws: `DocumentError` if it cannot be read.
  func diagnosis() throws(DocumentError) -> Diagnosis { try Diagnosis(parsing: Array(json.utf8)) }
}

extension Diagnosis {
  /// Returns why the diagnosis is not one of a run with these tensors; nil if it is. A model can have other tensors too.
  func contradiction(to tensors: [TensorRecord]) -> String? {
    let recorded = Dictionary(tensors.map { ($0.name, $0.recipe) }) { first, _ in first }
    var isKnown = self.tensors.isEmpty
    for tensor in self.tensors {
      let name = TensorName(tensor.name)
      guard let recipe = recorded[name] else {
        if subject.kind == .model { continue }
        return "the run has no tensor \(quoted: name)"
      }
      isKnown = true
      if recipe.shape.dims != tensor.shape { return "its tensor \(quoted: name) has another shape" }
      if recipe.dtype.rawValue != tensor.dtype { return "its tensor \(quoted: name) has another dtype" }
      if recipe.shape.elementCount != tensor.count {
        return "its tensor \(quoted: name) has another number of elements"
      }
    }
    return isKnown ? nil : "it has none of the tensors of the run"
  }
}

extension Store {
  /// Returns what is recorded with a run, besides its tensors, and cannot be used.
  func detailFindings(_ run: RunRecord, _ tensors: [TensorRecord]) throws -> [DetailFinding] {
    let diagnoses = try diagnoses(of: run).compactMap { record in
      problem(of: record, run, tensors).map { DetailFinding(part: .diagnosis(record.kind), problem: $0) }
    }
    return try details(of: run).findings + diagnoses
  }

  private func problem(of record: DiagnosisRecord, _ run: RunRecord, _ tensors: [TensorRecord]) -> String? {
    do throws(DocumentError) {
      let diagnosis = try record.diagnosis()
      if diagnosis.subject.id != run.id.description { return "it names the id of another run" }
      guard diagnosis.subject.kind == (record.kind == .weights ? .run : .model) else {
        return "it is one of a \(diagnosis.subject.kind.rawValue)"
      }
      return diagnosis.contradiction(to: tensors)
    } catch { return error.description }
  }

  /// Removes what cannot be used from the record of a run.
  func removeDetails(_ findings: [DetailFinding], of run: RunRecord) throws {
    var keys: [String] = []
    for finding in findings {
      switch finding.part {
      case .detail(let key): keys.append(key)
      case .diagnosis(let kind): try deleteDiagnosis(kind, of: run)
      }
    }
    if !keys.isEmpty { try removeDetails(keys, of: run) }
  }

  /// Checks what is recorded with a run before it is copied.
  ///
  /// - Throws: `RegistryError.mismatch` if something cannot be used.
  func checkDetails(_ run: RunRecord, _ tensors: [TensorRecord]) throws {
    guard let finding = try detailFindings(run, tensors).first else { return }
    throw RegistryError.mismatch(
      "\(run.reference): \(finding.message). Nothing was written. `doctor --repair` removes what cannot be read")
  }
}
