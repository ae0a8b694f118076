// The pictures of signal and gradient along the layers, and the numbers behind them.

import WinitDiagnosis

/// The curves of all runs in common pictures, and a table of the layers of each run.
struct LayerSection {
  private let runs: [ReportedRun]
  private var diagnoses: [Diagnosis] { runs.map(\.diagnosis) }

  init(_ runs: [ReportedRun]) { self.runs = runs }

  /// The section; nil if no run has layers.
  var section: PageSection? {
    let curves = runs.map(LayerCurves.init)
    let charts = LayerChart.allCases.compactMap { kind in kind.chart(curves).map { (kind, $0) } }
    if charts.isEmpty { return nil }
    let isMeasured = charts.contains { $1.series.contains { !$0.measured.isEmpty } }
    let hasTheory = charts.contains { $1.series.contains { !$0.theory.isEmpty } }
    let hasBranches = charts.contains { $1.series.contains { !$0.branches.isEmpty } }
    let key = [
      hasTheory ? "Lines are theory." : nil, isMeasured ? "Points are measured." : nil,
      hasBranches ? "Small circles are layers inside residual branches." : nil,
      "A warning begins where the signal at the last hidden layer, relative to the input, or the gradient at the first layer, relative to the last, leaves 1e-3 to 1e3.",
    ].compactMap { $0 }.joined(separator: " ")
    let content: Markup = """
      <p class="lead">\(key)</p><div class="charts">\(charts.markup { figure($0.0, $0.1) })</div>
      \(sources)\(diagnoses.markup(numbers))
      """
    return PageSection(id: "layers", heading: "Signal and gradient", content: content)
  }

  /// The picture twice: one of them fits a narrow screen, and the style sheet hides the other.
  private func figure(_ kind: LayerChart, _ chart: LineChart) -> Markup {
    let isSmall = kind != .signal && kind != .gradient
    return """
      <figure><figcaption><h3>\(kind.heading)</h3><p>\(kind.explanation)</p></figcaption>\
      \(chart.picture(width: 540, height: isSmall ? 240 : 340, hasLabels: true).inline("chart wide"))\
      \(chart.picture(width: 330, height: isSmall ? 220 : 290, hasLabels: false).inline("chart narrow"))</figure>

      """
  }

  /// The numbers of one run: what theory says, and what was measured.
  private func numbers(_ diagnosis: Diagnosis) -> Markup {
    if diagnosis.layers.isEmpty {
      return """
        <p class="none">\(Markup.code(diagnosis.subject.name)) has no curve: no <code>network:</code> says how its tensors \
        are connected, and no pass was measured.</p>
        """
    }
    let rows = diagnosis.layers.enumerated().markup { row($1, number: $0 + 1) }
    return """
      <details class="numbers"><summary>Numbers behind the pictures: \(Markup.code(diagnosis.subject.name))</summary>\
      <p>The gradient of theory is relative to the last layer; the measured norm of the gradient is not.</p>\
      <div class="scroll" tabindex="0" role="region" aria-label="Layers of \(shortened(diagnosis.subject.name))">\
      <table class="plain layers"><thead><tr><th rowspan="2">#</th><th rowspan="2">layer</th>\
      <th rowspan="2">activation</th><th colspan="3">theory</th><th colspan="6">measured</th></tr><tr>\
      <th>q</th><th>signal</th><th>gradient</th><th>RMS</th><th>signal</th><th>gradient norm</th><th>dead</th>\
      <th>saturated</th><th>cosine</th></tr></thead><tbody>\(rows)</tbody></table></div></details>
      """
  }

  /// Where the layers of each run come from and how far theory can be trusted, once for runs of which the same is true.
  private var sources: Markup {
    var texts: [(text: Markup, names: [Markup])] = []
    for diagnosis in diagnoses {
      guard let network = diagnosis.network, !diagnosis.layers.isEmpty else { continue }
      let text: Markup = "\(Markup.prose(sourceText(network))) \(Markup.prose(network.accuracy))"
      let name = Markup.code(diagnosis.subject.name)
      if let i = texts.firstIndex(where: { $0.text.source == text.source }) {
        texts[i].names.append(name)
      } else {
        texts.append((text, [name]))
      }
    }
    return texts.markup { entry in
      let names: Markup? =
        texts.count < 2 ? nil : "\(entry.names.enumerated().markup { $0 == 0 ? $1 : ", \($1)" }): "
      return "<p class=\"note\">\(names)\(entry.text)</p>\n"
    }
  }

  private func row(_ layer: LayerDiagnosis, number: Int) -> Markup {
    let numbers: [Double?] = [
      layer.theory?.q, layer.theory?.signal, layer.theory?.gradient, layer.measured?.rms, layer.measured?.signal,
      layer.measured?.gradient, layer.measured?.dead, layer.measured?.saturated, layer.measured?.cosine,
    ]
    let activation = (layer.activation ?? "–") + (layer.isAssumed ? " (assumed)" : "")
    return """
      <tr><td>\(number)</td><th scope="row">\(Markup.code(layer.name)) <small>\(shortened(layer.kind))\
      \(layer.isMainPath ? "" : ", in a branch")</small></th><td>\(shortened(activation))</td>\
      \(numbers.markup { "<td>\(numberText($0))</td>" })</tr>

      """
  }

  private func sourceText(_ network: NetworkSummary) -> String {
    switch network.source {
    case .spec: "The layers are those of `network:` in the spec."
    case .preset: "The layers are those that the preset gives."
    case .assumed:
      """
      The layers are assumed: each weight takes what the one before gives. The activation is unknown, so that there is \
      a curve for each assumption.
      """
    case .model: "The layers are those of the real model, which was run."
    }
  }
}
