// A finding of a diagnosis: its code, severity, place, message and fix.

/// Something that is wrong with an initialization, or worth knowing.
package struct Finding: Sendable, Equatable {
  /// The kinds of findings, by their names.
  package enum Code: String, Sendable, CaseIterable {
    case nonFinite = "non-finite"
    case allZeroWeights = "all-zero-weights"
    case constantWeights = "constant-weights"
    case identicalNeurons = "identical-neurons"
    case zeroRows = "zero-rows"
    case identicalInputs = "identical-inputs"
    case identicalTensors = "identical-tensors"
    case nonzeroMean = "nonzero-mean"
    case scaleOff = "scale-off"
    case oddOneOut = "odd-one-out"
    case truncatedByDType = "truncated-by-dtype"
    case spectrumSpike = "spectrum-spike"
    case layerGain = "layer-gain"
    case vanishingForward = "vanishing-forward"
    case explodingForward = "exploding-forward"
    case vanishingBackward = "vanishing-backward"
    case explodingBackward = "exploding-backward"
    case biasDominated = "bias-dominated"
    case saturating
    case deadUnits = "dead-units"
    case lookAlikeInputs = "look-alike-inputs"
  }

  /// How bad a finding is. A finding of the severity `error` means that the model will not train as it is.
  package enum Severity: String, Sendable, CaseIterable, Comparable {
    case error, warning, information

    private var rank: Int {
      switch self {
      case .error: 2
      case .warning: 1
      case .information: 0
      }
    }

    package static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }
  }

  package var code: Code
  package var severity: Severity
  /// The tensor; nil for a finding about a layer.
  package var tensor: String?
  /// The layer; nil for a finding about a tensor alone.
  package var layer: String?
  /// What was found, and why it hurts.
  package var message: String
  /// The line of the spec that fixes it; nil if the spec cannot.
  package var fix: String?

  package init(
    _ code: Code, _ severity: Severity, tensor: String? = nil, layer: String? = nil, message: String, fix: String? = nil
  ) {
    (self.code, self.severity, self.tensor, self.layer) = (code, severity, tensor, layer)
    (self.message, self.fix) = (message, fix)
  }
}

extension Finding {
  /// Whether the fix is a rule, and not another line of the spec or a line of Python.
  package var isFixedByRule: Bool { fix?.hasPrefix("- {match:") ?? false }

  /// Where the rule of a fix belongs, for a reader of the findings.
  package static let rulePlace =
    "The rule of a fix goes above the other rules of the spec: the first one that matches a tensor counts."
}

/// A finding that the spec allows.
package struct AllowedFinding: Sendable, Equatable {
  package var finding: Finding
  /// The reason that the spec gives.
  package var reason: String

  package init(finding: Finding, reason: String) { (self.finding, self.reason) = (finding, reason) }
}
