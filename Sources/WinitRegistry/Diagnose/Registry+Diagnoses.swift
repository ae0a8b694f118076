// The diagnoses that runs keep.

import Foundation
import WinitCore
package import WinitDiagnosis
package import WinitJSON
import WinitStorage

/// What a run keeps: the kind of a diagnosis and its time.
package struct KeptDiagnosis: Sendable, JSONReport {
  /// `weights` for the weights of the run, `model` for the real model that had them.
  package let kind: String
  /// The time of the diagnosis, in ISO 8601.
  package let madeAt: String

  init(_ kind: DiagnosisRecord.Kind, _ madeAt: String) { (self.kind, self.madeAt) = (kind.rawValue, madeAt) }

  package var jsonValue: JSONValue { ["kind": .string(kind), "made_at": .string(madeAt)] }
}

extension Registry {
  /// Keeps a diagnosis with a run, in place of a kept one of the same kind: one of its weights, or one of the real model
  /// that had them.
  ///
  /// - Throws: `RegistryError` with the code `invalidArgument` if the diagnosis is of a file, of a spec or of another
  ///   run, or is too large; `runCollected` if the run was collected meanwhile.
  @discardableResult
  package func keep(_ diagnosis: Diagnosis, with run: Run) throws -> KeptDiagnosis {
    try translatingErrors {
      let kind = try kind(diagnosis.subject, for: run)
      try checkTensors(diagnosis, of: run)
      var kept = diagnosis
      kept.subject.id = run.id.description
      let record = DiagnosisRecord(kind, madeAt: recordText(.now), json: kept.json.compact)
      guard record.json.utf8.count <= DiagnosisRecord.limit else {
        throw RegistryError.invalidArgument(
          "the diagnosis of \(run.reference) has \(record.json.utf8.count) bytes, and a run keeps \(DiagnosisRecord.limit) at most. Write it to a file: `diagnose --json`"
        )
      }
      _ = try store.keep(
        record, with: run.record, Event("diagnose", ["kind": .string(kind.rawValue)], by: currentActor()))
      return KeptDiagnosis(kind, record.madeAt)
    }
  }

  /// Checks that a diagnosis is one of a model with the tensors of a run.
  private func checkTensors(_ diagnosis: Diagnosis, of run: Run) throws {
    guard let why = diagnosis.contradiction(to: try store.tensors(of: run.record)) else { return }
    throw RegistryError.invalidArgument(
      "the diagnosis is one of another model than \(run.reference): \(why). Nothing was kept")
  }

  private func kind(_ subject: DiagnosisSubject, for run: Run) throws -> DiagnosisRecord.Kind {
    if let id = subject.id, id != run.id.description {
      throw RegistryError.invalidArgument(
        "the diagnosis is one of \(quoted: subject.name) with the id \(quoted: id), and \(run.reference) has the id \(run.id)"
      )
    }
    switch subject.kind {
    case .run: return .weights
    case .model: return .model
    case .spec, .file:
      throw RegistryError.invalidArgument(
        "the diagnosis is one of the \(subject.kind.rawValue) \(quoted: subject.name). A run keeps a diagnosis of itself (`diagnose \(run.reference) --keep`) or of a model (`winit.torch.diagnose`)"
      )
    }
  }

  /// Returns the diagnoses that a run keeps, that of its weights first.
  ///
  /// - Throws: `RegistryError` with the code `damagedRegistry` if one cannot be read.
  package func keptDiagnoses(of run: Run) throws -> [Diagnosis] {
    try translatingErrors {
      let records = try store.diagnoses(of: run.record)
      if records.isEmpty { return [] }
      let findings = try store.detailFindings(run.record, store.tensors(of: run.record))
      for finding in findings {
        guard case .diagnosis = finding.part else { continue }
        throw RegistryError(
          .damagedRegistry,
          "\(run.reference): \(finding.message). `diagnose \(run.reference) --keep` replaces that of the weights; `doctor --repair` removes either",
          subject: path)
      }
      return try records.map { record throws(DocumentError) in try record.diagnosis() }
    }
  }

  /// Returns the diagnoses that a report shows of a run: those that it keeps, and one of its weights that is made now if
  /// it keeps none, or none with the singular values that the options ask for.
  package func reportedDiagnoses(
    of run: Run, options: DiagnosisOptions, progress: ProgressHandler? = nil
  ) throws -> [Diagnosis] {
    var kept = try keptDiagnoses(of: run)
    // The name of a run can have changed since.
    for index in kept.indices where kept[index].subject.kind == .run { kept[index].subject.name = run.reference }
    let hasWeights = kept.contains { diagnosis in
      diagnosis.subject.kind == .run
        && (!options.hasSpectrum || diagnosis.tensors.contains { $0.spectrum != nil })
    }
    if hasWeights { return kept }
    return [try diagnose(run, options: options, progress: progress)] + kept.filter { $0.subject.kind != .run }
  }

  /// Returns which diagnoses a run keeps.
  package func keptDiagnosisTimes(of run: Run) throws -> [KeptDiagnosis] {
    try translatingErrors { try store.diagnosisTimes(of: run.record).map { KeptDiagnosis($0.kind, $0.madeAt) } }
  }
}
