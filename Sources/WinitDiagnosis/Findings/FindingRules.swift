// The rules of findings, applied one after the other.

import WinitCore

/// Applies the rules of findings. docs/diagnose.md lists the thresholds, and docs/diagnoses.md their measurements.
///
/// One cause gives one finding: later rules do not judge a tensor with a fault, nor the layers behind it.
package enum FindingRules {
  /// Returns what the rules find.
  ///
  /// - Parameter reason: returns the reason for which the spec allows a finding; nil for one that it does not allow. It
  ///   is asked for each tensor, before the findings of a family are folded.
  package static func report(
    on evidence: FindingEvidence, allowing reason: @escaping (Finding) -> String? = { _ in nil }
  ) -> FindingReport {
    let context = FindingContext(evidence)
    var judged = JudgedTensors(context, allowing: reason)
    judged.add(NonFiniteRule.drafts(context))
    judged.add(ZeroWeightsRule.drafts(context, judged))
    judged.add(ConstantWeightsRule.drafts(context, judged))
    judged.add(IdenticalNeuronsRule.drafts(context, judged))
    judged.add(ZeroRowsRule.drafts(context, judged))
    judged.add(IdenticalInputsRule.drafts(context, judged))
    judged.add(IdenticalTensorsRule.drafts(context, judged))
    judged.add(NonzeroMeanRule.drafts(context, judged))
    judged.add(TruncatedRule.drafts(context, judged))
    judged.add(ScaleOffRule.drafts(context, judged))
    judged.add(OddOneOutRule.drafts(context, judged))
    judged.add(SpectrumSpikeRule.drafts(context, judged))
    judged.add(SignalRule.drafts(context, judged))
    judged.add(LayerGainRule.drafts(context, judged))
    judged.add(BiasDominatedRule.drafts(context, judged))
    judged.add(DeadUnitsRule.drafts(context, judged))
    judged.add(SaturatingRule.drafts(context, judged))
    judged.add(LookAlikeInputsRule.drafts(context, judged))

    var report = FindingReport()
    report.findings = FindingFold.findings(judged.drafts, context)
    report.allowed = judged.allowed
    report.declared = judged.declarations.declared
    return report
  }
}

/// The drafts so far, and the tensors that they explain. An allowed finding explains none: the spec allows what it names,
/// and not what follows from it.
struct JudgedTensors {
  private(set) var drafts: [Draft] = []
  private(set) var allowed: [AllowedFinding] = []
  /// The tensors with a warning or an error that changes their statistics, so that no later rule judges them.
  private(set) var faulty: Set<TensorName> = []
  /// The tensors with a fault that changes the signal of every layer behind them, whatever its scale is.
  private(set) var breaking: Set<TensorName> = []
  let declarations: Declarations
  private let reason: (Finding) -> String?

  init(_ context: FindingContext, allowing reason: @escaping (Finding) -> String?) {
    (declarations, self.reason) = (Declarations(context), reason)
  }

  /// The codes of faults that leave the scale and the mean of a tensor as they were.
  private static let harmless: Set<Finding.Code> = [.identicalTensors, .identicalInputs, .truncatedByDType]

  private static let breakingCodes: Set<Finding.Code> = [
    .nonFinite, .allZeroWeights, .constantWeights, .nonzeroMean,
  ]

  mutating func add(_ new: [Draft]) {
    for draft in new {
      let finding = draft.finding
      if let reason = reason(finding) {
        allowed.append(AllowedFinding(finding: finding, reason: reason))
        continue
      }
      drafts.append(draft)
      guard draft.severity > .information, !JudgedTensors.harmless.contains(draft.code), let tensor = draft.tensor
      else {
        continue
      }
      faulty.insert(tensor)
      let isNarrow = draft.code == .identicalNeurons && draft.severity == .error
      if isNarrow || JudgedTensors.breakingCodes.contains(draft.code) { breaking.insert(tensor) }
    }
  }

  /// The layers before the first one whose weight has a fault. What is behind it shows that fault again.
  func soundLayers(_ layers: [LayerDiagnosis]) -> ArraySlice<LayerDiagnosis> {
    layers.prefix { !faulty.contains(TensorName($0.name)) && !faulty.contains(TensorName($0.name + ".weight")) }
  }
}
