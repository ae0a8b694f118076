// The curves of a diagnosis along its layers: signal, gradient, and what else a pass measured.

import WinitDiagnosis

/// The layers of a diagnosis as curves. An assumed chain has a curve for each activation that is assumed.
struct LayerCurves {
  /// A curve: its layers in forward order, and the assumption under which it holds.
  struct Curve {
    var assumption: String?
    var layers: [LayerDiagnosis]
  }

  private let run: ReportedRun
  let curves: [Curve]

  init(_ run: ReportedRun) {
    self.run = run
    curves = LayerCurves.curves(of: run.diagnosis.layers)
  }

  /// Splits layers that occur once per assumption: the second time that a name occurs, it is on the second curve.
  private static func curves(of layers: [LayerDiagnosis]) -> [Curve] {
    guard layers.contains(where: \.isAssumed) else { return layers.isEmpty ? [] : [Curve(layers: layers)] }
    var occurrences: [String: Int] = [:]
    var curves: [Curve] = []
    for layer in layers {
      let number = occurrences[layer.name, default: 0]
      occurrences[layer.name] = number + 1
      if number == curves.count { curves.append(Curve(layers: [])) }
      curves[number].layers.append(layer)
    }
    for i in curves.indices {
      curves[i].assumption = curves[i].layers.lazy.compactMap(\.activation).first ?? "linear"
    }
    return curves
  }

  /// Returns a series for each curve.
  ///
  /// - Parameters:
  ///   - theory: the value that theory gives to a layer, if it gives one.
  ///   - measured: the value that a pass measured, relative to that of the reference.
  ///   - isRelative: whether measured values are divided by that of the last layer on the main path.
  func series(
    theory: (LayerDiagnosis.Theory) -> Double? = { _ in nil }, measured: (LayerDiagnosis.Measured) -> Double?,
    isRelative: Bool = false
  ) -> [LineChart.Series] {
    curves.enumerated().compactMap { variant, curve in
      let suffix = curve.assumption.map { ", if \($0)" } ?? ""
      var series = LineChart.Series(style: run.color, variant: run.variant + variant, name: run.name + suffix)
      let last = curve.layers.last { $0.isMainPath && ($0.measured.flatMap(measured) ?? 0) > 0 }?.measured
      let unit = isRelative ? last.flatMap(measured) ?? 1 : 1
      for (number, layer) in curve.layers.enumerated() {
        guard let index = run.positions.isEmpty ? number : run.positions[layer.name] else { continue }
        func value(_ y: Double?, _ what: String) -> LineChart.Value? {
          // A value that is not finite is kept, because it is a gap of the line.
          guard let y else { return nil }
          let text = "\(index + 1) \(shortened(layer.name, limit: 80)): \(numberText(y)), \(what)"
          return LineChart.Value(index: index, y: y, label: text)
        }
        let theory = value(layer.theory.flatMap(theory), "theory")
        let measured = value(layer.measured.flatMap(measured).map { $0 / unit }, "measured")
        if layer.isMainPath {
          series.theory += theory.map { [$0] } ?? []
          series.measured += measured.map { [$0] } ?? []
        } else if let value = measured ?? theory, value.y.isFinite {
          series.branches.append(value)
        }
      }
      return series.values.contains { $0.y.isFinite } ? series : nil
    }
  }
}
