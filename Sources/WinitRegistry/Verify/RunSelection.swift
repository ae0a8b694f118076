// The selection of runs to verify.

public import Foundation

/// A selection of runs to verify.
public enum RunSelection: Sendable {
  /// Selects these runs. An interrupted verification of them is not resumable.
  case runs([Run])
  /// Selects all runs of the registry that are not deleted.
  case all
  /// Selects the runs that were created at a time or later. An interrupted verification is resumed under the same
  /// label, such as `7d`.
  case since(Date, label: String)
}
