// The public JSON text of results. docs/json.md describes every member.

import WinitCore
import WinitJSON

extension Run {
  /// The record of the run as JSON, as `winit-registry list --json` prints it.
  public var json: String { printed { jsonValue } }
}

extension RunTensor {
  /// The record of the tensor as JSON, as `winit-registry show --json` prints it.
  public var json: String { printed { jsonValue } }
}

extension CreateReceipt {
  /// The result as JSON, as `winit-registry create --json` prints it.
  public var json: String { printed { jsonValue } }
}

extension ImportReceipt {
  /// The result as JSON, as `winit-registry import --json` prints it.
  public var json: String { printed { jsonValue } }
}

extension Verification {
  /// The result as JSON, as `winit-registry verify --json` prints it for each run.
  public var json: String { printed { jsonValue } }
}

extension VerificationSummary {
  /// The results as JSON, as `winit-registry verify --json` prints them.
  public var json: String { printed { jsonValue } }
}

extension RunDifference {
  /// The differences as JSON, as `winit-registry diff --json` prints them.
  public var json: String { printed { jsonValue } }
}

extension IntegrityReport {
  /// The report as JSON, as `winit-registry doctor --json` prints it.
  public var json: String { printed { jsonValue } }
}

extension SpaceReport {
  /// The report as JSON, as `winit-registry stats --json` prints it.
  public var json: String { printed { jsonValue } }
}

extension HistoryEntry {
  /// The entry as JSON, as `winit-registry log --json` prints it.
  public var json: String { printed { jsonValue } }
}

/// Returns the text of a JSON value. In a thread that reads subnormal numbers as zero, they would be printed as 0.
private func printed(_ value: () -> JSONValue) -> String { withLawArithmetic { value().pretty } }
