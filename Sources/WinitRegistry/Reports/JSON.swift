// The public JSON text of results. docs/json.md describes every member.

import WinitJSON

extension Run {
  /// The record of the run as JSON, as `winit-registry list --json` prints it.
  public var json: String { jsonValue.pretty }
}

extension RunTensor {
  /// The record of the tensor as JSON, as `winit-registry show --json` prints it.
  public var json: String { jsonValue.pretty }
}

extension CreateReceipt {
  /// The result as JSON, as `winit-registry create --json` prints it.
  public var json: String { jsonValue.pretty }
}

extension ImportReceipt {
  /// The result as JSON, as `winit-registry import --json` prints it.
  public var json: String { jsonValue.pretty }
}

extension Verification {
  /// The result as JSON, as `winit-registry verify --json` prints it for each run.
  public var json: String { jsonValue.pretty }
}

extension VerificationSummary {
  /// The results as JSON, as `winit-registry verify --json` prints them.
  public var json: String { jsonValue.pretty }
}

extension RunDifference {
  /// The differences as JSON, as `winit-registry diff --json` prints them.
  public var json: String { jsonValue.pretty }
}

extension IntegrityReport {
  /// The report as JSON, as `winit-registry doctor --json` prints it.
  public var json: String { jsonValue.pretty }
}

extension SpaceReport {
  /// The report as JSON, as `winit-registry stats --json` prints it.
  public var json: String { jsonValue.pretty }
}

extension HistoryEntry {
  /// The entry as JSON, as `winit-registry log --json` prints it.
  public var json: String { jsonValue.pretty }
}
