// The JSON of `show`.

import WinitDiagnosis
package import WinitJSON
import WinitStorage

/// A run and its tensors.
package struct ShowReport: Sendable, JSONReport {
  package let run: Run
  /// The tensors, in the order of the spec.
  package let tensors: [RunTensor]
  /// The skipped tensors, the metadata of an imported checkpoint, the network and the allowed findings.
  package let details: RunDetails

  /// The diagnoses that the run keeps.
  package let diagnoses: [KeptDiagnosis]

  package init(run: Run, tensors: [RunTensor], details: RunDetails, diagnoses: [KeptDiagnosis]) {
    self.run = run
    self.tensors = tensors
    self.details = details
    self.diagnoses = diagnoses
  }

  package var jsonValue: JSONValue {
    .object(
      run.jsonValue,
      [
        .init("skipped_tensors", .strings(details.skipped)),
        .init("file_metadata", .object(details.metadata.map { .init($0.key, .string($0.value)) })),
        .init("diagnoses", .array(diagnoses.map(\.jsonValue))),
        .init("network", details.network?.json ?? .null),
        .init("allow", .array(details.allowed.map(\.json))),
        .init("tensors", .array(tensors.map(\.jsonValue))),
      ])
  }
}
