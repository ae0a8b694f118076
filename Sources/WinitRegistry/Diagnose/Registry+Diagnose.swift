// diagnose: what the weights of a model show before training.

import WinitCore
package import WinitDiagnosis
import WinitInitializers
import WinitJSON
import WinitSpec
import WinitStorage

extension Registry {
  /// Diagnoses the weights of a run. Every chunk is verified before it is used.
  ///
  /// - Parameter progress: called with the bytes that were read and the size of all tensors.
  /// - Throws: `RegistryError` with the code `mismatch` if a chunk has other bytes than recorded and does not
  ///   regenerate, or if the record contradicts itself.
  package func diagnose(
    _ run: Run, options: DiagnosisOptions = DiagnosisOptions(), progress: ProgressHandler? = nil
  ) throws -> Diagnosis {
    try translatingErrors {
      let damaged = DamagedTensors()
      var diagnosis = try DiagnosedModel(run, in: store, damaged: damaged).diagnosis(options, progress: progress)
      diagnosis.notes += damaged.notes
      return diagnosis
    }
  }
}

extension ModelSpec {
  /// Diagnoses the tensors of the spec, which are filled and not recorded.
  ///
  /// - Parameter like: the checkpoint that gives names, shapes and dtypes; nil for that of the spec.
  package func diagnose(
    seed: UInt64, like: String?, options: DiagnosisOptions = DiagnosisOptions(), progress: ProgressHandler? = nil
  ) throws -> Diagnosis {
    let plan = try plan(like: like)
    return try translatingErrors {
      try DiagnosedModel(plan, named: document.file, seed: seed).diagnosis(options, progress: progress)
    }
  }
}

extension Diagnosis {
  /// Diagnoses the tensors of a checkpoint.
  ///
  /// - Parameters:
  ///   - path: a .safetensors file, the index of a sharded checkpoint, or a folder with them.
  ///   - spec: how the tensors should have been made; nil if nothing says it.
  ///   - usesKerasLayout: whether a weight that the spec does not name is [in, out] and […, in, out]. Nil for torch's
  ///     layout, which the notes then call an assumption.
  package static func ofCheckpoint(
    _ path: String, spec: ModelSpec?, usesKerasLayout: Bool?, options: DiagnosisOptions = DiagnosisOptions(),
    progress: ProgressHandler? = nil
  ) throws -> Diagnosis {
    let plan = try spec?.plan(like: path)
    return try translatingErrors {
      let model = try DiagnosedModel(
        path, plan: plan, spec: spec?.document.file, layout: usesKerasLayout.map { $0 ? .keras : .torch })
      return try model.diagnosis(options, progress: progress)
    }
  }
}
