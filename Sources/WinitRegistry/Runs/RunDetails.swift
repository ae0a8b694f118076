// What the files of a run said besides its tensors, for commands.

import WinitCore
import WinitStorage

/// The tensors that the spec of a run skips, and the metadata of a checkpoint that was imported.
package struct RunDetails: Sendable {
  /// The names of the tensors of `like` that the spec skips.
  package let skipped: [String]
  /// The members of `__metadata__` of an imported checkpoint.
  package let metadata: [(key: String, value: String)]
}

extension Registry {
  /// Returns the details of a run.
  package func details(of run: Run) throws -> RunDetails {
    try translatingErrors {
      let details = try store.details(of: run.record)
      return RunDetails(skipped: details.skipped.map(\.string), metadata: details.metadata)
    }
  }
}
