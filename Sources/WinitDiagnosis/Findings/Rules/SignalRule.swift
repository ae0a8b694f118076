// vanishing- and exploding-forward and -backward: a signal or a gradient that leaves [1e-3, 1e3].

import Foundation
import WinitCore

/// Finds networks whose signal or gradient vanishes or explodes with depth. Healthy models stay within [1e-3, 1e3]: of
/// 23 as their libraries initialize them, the smallest ratio of gradients was 0.0034.
enum SignalRule {
  private static let warning = 1e3
  private static let error = 1e5

  static func drafts(_ context: FindingContext, _ judged: JudgedTensors) -> [Draft] {
    let curves = SignalCurve.curves(context.evidence)
    // A tensor of zeros, NaN or one number breaks the path, and says so itself.
    let names = context.evidence.network?.names ?? []
    guard !curves.isEmpty, !judged.breaking.contains(where: { names.isEmpty || names.contains($0.string) }) else {
      return []
    }
    return [forward(curves, context), backward(curves, context)].compactMap(\.self)
  }

  private static func forward(_ curves: [SignalCurve], _ context: FindingContext) -> Draft? {
    let ratios = curves.compactMap(\.forward)
    guard ratios.count == curves.count, let (severity, ratio) = verdict(ratios) else { return nil }
    let cause = CurveCause(of: ratio.value, .forward, context)
    let (found, isSmall) = (text(ratio, curves, cause), ratio.value < 1)
    return draft(isSmall ? .vanishingForward : .explodingForward, severity, ratio, cause, context) {
      isSmall
        ? "the signal, the part of the activations that depends on the input, shrinks to \($0) of the input's at the last hidden layer (\(found)). The outputs hardly depend on the input, so the loss does not fall."
        : "the signal, the part of the activations that depends on the input, grows to \($0) times the input's at the last hidden layer (\(found)). The loss starts very large, and its gradients overflow or break the first steps."
    }
  }

  private static func backward(_ curves: [SignalCurve], _ context: FindingContext) -> Draft? {
    let ratios = curves.compactMap(\.backward)
    guard ratios.count == curves.count, let (severity, ratio) = verdict(ratios) else { return nil }
    let cause = CurveCause(of: ratio.value, .backward, context)
    let found = text(ratio, curves, cause)
    if ratio.value == 0 {
      // A last weight of zeros stops every gradient at step 0 only.
      guard !endsWithZeros(context), curves.allSatisfy({ stopsEverywhere($0) }) else { return nil }
      return draft(.vanishingBackward, .error, ratio, cause, context) { _ in
        "the gradient of every layer before the last is exactly 0. None of these layers learns."
      }
    }
    let isSmall = ratio.value < 1
    return draft(isSmall ? .vanishingBackward : .explodingBackward, severity, ratio, cause, context) {
      isSmall
        ? "the gradient at the first layer is \($0) of that at the last (norm per sample; \(found)). The first layers hardly learn."
        : "the gradient at the first layer is \($0) times that at the last (norm per sample; \(found)). A step that suits the last layers destroys the first ones."
    }
  }

  /// Returns the severity that holds for all ratios, and the ratio that is nearest to 1; nil if one of them is healthy,
  /// or if they differ in direction.
  private static func verdict(_ ratios: [SignalCurve.Ratio]) -> (Finding.Severity, SignalCurve.Ratio)? {
    func distance(_ ratio: SignalCurve.Ratio) -> Double { max(ratio.value, 1 / ratio.value) }
    guard !ratios.contains(where: \.value.isNaN), Set(ratios.map { $0.value < 1 }).count == 1,
      let nearest = ratios.min(by: { distance($0) < distance($1) }), distance(nearest) > warning
    else { return nil }
    return (distance(nearest) > error ? .error : .warning, nearest)
  }

  private static func draft(
    _ code: Finding.Code, _ severity: Finding.Severity, _ ratio: SignalCurve.Ratio, _ cause: CurveCause?,
    _ context: FindingContext, _ message: @escaping @Sendable (String) -> String
  ) -> Draft {
    Draft(
      code, severity, layer: ratio.layer, at: context.order(ofLayer: ratio.layer), value: ratio.value,
      remedy: cause?.remedy, message: message)
  }

  private static func text(_ ratio: SignalCurve.Ratio, _ curves: [SignalCurve], _ cause: CurveCause?) -> String {
    var parts: [String] = []
    if ratio.value > 0, ratio.value.isFinite, ratio.steps > 1 {
      parts.append("\(NumberText.of(pow(ratio.value, 1 / Double(ratio.steps)))) a layer over \(ratio.steps) layers")
    }
    parts.append(ratio.isMeasured ? "measured" : "by theory")
    if curves.count > 1 { parts.append("with ReLU and without activations") }
    if let text = cause?.text { parts.append(text) }
    return parts.joined(separator: ", ")
  }

  private static func endsWithZeros(_ context: FindingContext) -> Bool {
    let last =
      context.path?.order.last.flatMap { context.tensor($0) } ?? context.kernels.last.map { context.tensors[$0] }
    return last.map { ZeroWeightsRule.isZero($0) } ?? false
  }

  private static func stopsEverywhere(_ curve: SignalCurve) -> Bool {
    curve.layers.dropLast().allSatisfy { ($0.measured?.gradient ?? $0.theory?.gradient ?? 0) == 0 }
  }
}

extension FindingContext {
  /// The place of a layer among the findings: that of its weight, or behind all tensors.
  func order(ofLayer name: String) -> Int {
    index[TensorName(name)] ?? index[TensorName(name + ".weight")] ?? tensors.count
  }
}
