// The line charts of a report.

import WinitDiagnosis

/// The quantities of layers that a report draws.
enum LayerChart: String, CaseIterable {
  case signal, gradient, cosine, dead, saturated

  var heading: String {
    switch self {
    case .signal: "Signal"
    case .gradient: "Gradient"
    case .cosine: "Cosine between inputs"
    case .dead: "Dead units"
    case .saturated: "Saturated units"
    }
  }

  /// What the picture shows, and how to read it.
  var explanation: String {
    switch self {
    case .signal:
      """
      The part of each layer's output that depends on the input. A curve that falls loses the input; a curve that \
      rises overflows. Level is good.
      """
    case .gradient:
      """
      The norm of the gradient per sample, relative to the last layer. Learning begins at the last layer; a curve that \
      falls to the left does not reach the first.
      """
    case .cosine: "The mean cosine between the outputs for two inputs. At 1, the layer cannot tell inputs apart."
    case .dead: "The fraction of units that are 0 for every sample of the batch."
    case .saturated: "The fraction of outputs of tanh or sigmoid at which the gradient is almost 0."
    }
  }

  fileprivate var yLabel: String {
    switch self {
    case .signal: "signal (std over inputs)"
    case .gradient: "gradient norm per sample, last layer = 1"
    case .cosine: "mean cosine"
    case .dead: "fraction of units"
    case .saturated: "fraction of outputs"
    }
  }

  /// The values at which a warning begins, as docs/diagnose.md lists them.
  fileprivate var kind: Scale.Kind {
    switch self {
    case .signal, .gradient: .logarithmic(marks: [1e-3, 1e3])
    case .cosine: .linear(marks: [0.99])
    case .dead: .linear(marks: [0.9])
    case .saturated: .linear(marks: [0.5])
    }
  }

  private func series(_ curves: LayerCurves) -> [LineChart.Series] {
    switch self {
    case .signal: curves.series(theory: { $0.signal }, measured: { $0.signal })
    case .gradient: curves.series(theory: { $0.gradient }, measured: { $0.gradient }, isRelative: true)
    case .cosine: curves.series(measured: { $0.cosine })
    case .dead: curves.series(measured: { $0.dead })
    case .saturated: curves.series(measured: { $0.saturated })
    }
  }

  /// Returns the chart of all runs together; nil if no run has such values.
  func chart(_ curves: [LayerCurves]) -> LineChart? {
    let series = curves.flatMap(series)
    if series.isEmpty { return nil }
    return LineChart(title: title(series), yLabel: yLabel, kind: kind, series: series)
  }

  /// The picture in a sentence: the first and the last value of each curve.
  private func title(_ series: [LineChart.Series]) -> String {
    let sentences = series.prefix(8).map { series in
      guard let ends = series.ends else { return shortened(series.name, limit: 60) }
      return """
        \(shortened(series.name, limit: 60)): from \(numberText(ends.first.y)) at layer \(ends.first.index + 1) to \
        \(numberText(ends.last.y)) at layer \(ends.last.index + 1)
        """
    }
    return "\(heading) by layer. \(sentences.joined(separator: "; "))."
  }
}
