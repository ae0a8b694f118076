// What the files of a run said besides its tensors, for commands.

import WinitCore
package import WinitDiagnosis
import WinitStorage

/// The tensors that the spec of a run skips, the metadata of a checkpoint that was imported, and what a diagnosis needs.
package struct RunDetails: Sendable {
  /// The names of the tensors of `like` that the spec skips.
  package let skipped: [String]
  /// The members of `__metadata__` of an imported checkpoint.
  package let metadata: [(key: String, value: String)]
  /// The path through the model; nil for none.
  package let network: PlannedNetwork?
  /// The findings that the spec allows.
  package let allowed: [AllowedPattern]
}

extension Registry {
  /// Returns the details of a run.
  package func details(of run: Run) throws -> RunDetails {
    try translatingErrors {
      let details = try store.details(of: run.record)
      return RunDetails(
        skipped: details.skipped.map(\.string), metadata: details.metadata,
        network: details.network.flatMap(PlannedNetwork.init(json:)),
        allowed: details.allowed.compactMap(AllowedPattern.init(json:)))
    }
  }
}
