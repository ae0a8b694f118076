// What can be salvaged from a damaged registry file, or was.

import WinitCore
import WinitStorage

/// What can be salvaged from a registry file whose structure is damaged, or was salvaged by a repair.
package struct SalvageReport: Sendable {
  /// A run that is salvaged, and of which a part is lost.
  package struct IncompleteRun: Sendable {
    package let reference: String
    /// What is lost of the run.
    package let problem: String
  }

  /// A run that cannot be salvaged.
  package struct LostRun: Sendable {
    /// The reference; nil if it is unknown.
    package let reference: String?
    /// The id, as `sha256:…`; nil if it is unknown.
    package let id: String?
    /// The reason why the run is lost.
    package let problem: String

    init(_ run: WinitStorage.LostRun) {
      (reference, id, problem) = (run.reference, run.id?.description, run.problem)
    }
  }

  /// The number of runs that are salvaged.
  package internal(set) var runCount = 0
  /// The runs that are salvaged in part: some of their metadata or of their chunks are lost.
  package internal(set) var incompleteRuns: [IncompleteRun] = []
  /// The runs that cannot be salvaged.
  package internal(set) var lostRuns: [LostRun] = []
  /// The space that the repair needs beside the damaged file, in bytes.
  package internal(set) var neededBytes = 0
  /// The path of the damaged file after the repair; nil before it.
  package internal(set) var damagedFile: String?

  /// Whether every run can be salvaged whole.
  var isComplete: Bool { lostRuns.isEmpty && incompleteRuns.isEmpty }
}
