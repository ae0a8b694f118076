// The results of verifying many runs, and the events that are reported meanwhile.

/// The result of verifying many runs.
public struct VerificationSummary: Sendable {
  /// The results of the runs that were verified now, in order.
  public internal(set) var results: [Verification] = []
  /// Recipe-only runs that were skipped because only stored bytes were verified.
  package internal(set) var skipped: [Run] = []
  /// The runs that could not be verified, and why.
  package internal(set) var failures: [VerificationFailure] = []
  /// The runs that could not be verified because their records cannot be read.
  public var unreadable: [Run] { failures.map(\.run) }
  /// The number of runs that were verified before an interruption, and not again.
  package internal(set) var resumedAfter = 0
  /// The runs that did not match before the interruption.
  package internal(set) var failedBefore: [Run] = []
  /// The number of runs that were selected and not verified before.
  package internal(set) var selectedCount = 0
  /// What could not be done beside the verification: results that could not be recorded.
  package private(set) var warnings: [String] = []

  init() {}

  /// Creates the summary of one verification.
  package init(_ verification: Verification) { results = [verification] }

  /// Adds the warning that the result for a run could not be recorded.
  ///
  /// - Returns: the warning.
  package mutating func addWarning(notRecorded run: Run, _ error: any Error) -> String {
    let warning = "the result for \(run.reference) was not recorded in the history: \(error)"
    warnings.append(warning)
    return warning
  }

  /// True if every run matches, those before an interruption included.
  public var matches: Bool { results.allSatisfy(\.matches) && failures.isEmpty && failedBefore.isEmpty }
}

/// A run that could not be verified.
package struct VerificationFailure: Sendable {
  package let run: Run
  package let error: RegistryError

  /// The reference of the run and the error.
  package var text: String { "\(run.reference): \(error)" }
}

/// An event in a verification of many runs.
package enum VerificationEvent {
  case resumed(after: Int, failed: Int)
  case started(Run)
  case finished(Verification)
  case skipped(Run)
  case failed(VerificationFailure)
  /// The outcome could not be recorded in the history; the warning says why.
  case notRecorded(warning: String)
}
