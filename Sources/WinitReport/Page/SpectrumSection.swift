// The largest singular values of weights.

import WinitDiagnosis

/// The largest singular value of each weight, relative to that of independent elements.
struct SpectrumSection {
  private let runs: [ReportedRun]

  init(_ runs: [ReportedRun]) { self.runs = runs }

  /// The section; nil if no spectrum was computed.
  var section: PageSection? {
    let runs = runs.filter { $0.diagnosis.tensors.contains { $0.spectrum != nil } }
    if runs.isEmpty { return nil }
    let content: Markup = """
      <p class="lead">The largest singular value of each weight as a matrix [outputs, inputs], divided by the \
      Marchenko–Pastur edge std·(√outputs + √inputs), which is what independent elements give. A bar far above 1 is a \
      direction that the weight prefers.</p>\(runs.markup(figure))
      """
    return PageSection(id: "spectrum", heading: "Spectrum", content: content)
  }

  private func figure(_ run: ReportedRun) -> Markup {
    let diagnosis = run.diagnosis
    guard let chart = BarChart(spectrumOf: diagnosis, color: run.color) else { return "" }
    let rows = diagnosis.tensors.markup { tensor in
      guard let spectrum = tensor.spectrum else { return "" }
      return """
        <tr><th scope="row">\(Markup.code(tensor.name))</th><td>\(numberText(spectrum.largest))</td>\
        <td>\(numberText(spectrum.edge))</td><td>\(numberText(spectrum.largest / spectrum.edge))</td>\
        <td>\(numberText(spectrum.smallest))</td></tr>
        """
    }
    return """
      <figure><figcaption><h3>\(Markup.code(diagnosis.subject.name))</h3></figcaption>\
      \(chart.picture(width: 1080, height: 220, hasLabels: true).inline("chart wide"))\
      \(chart.picture(width: 330, height: 220, hasLabels: false).inline("chart narrow"))</figure>
      <details class="numbers"><summary>Numbers behind the picture: \(Markup.code(diagnosis.subject.name))</summary>\
      <div class="scroll" tabindex="0" role="region" aria-label="Spectrum of \(shortened(diagnosis.subject.name))">\
      <table class="plain"><thead><tr><th>tensor</th><th>largest</th><th>edge</th><th>largest ÷ edge</th>\
      <th>smallest</th></tr></thead><tbody>\(rows)</tbody></table></div></details>
      """
  }
}

extension BarChart {
  /// Creates the chart of the spectra of a run; nil without a spectrum.
  init?(spectrumOf diagnosis: Diagnosis, color: Int) {
    let spectra = diagnosis.tensors.compactMap { tensor in tensor.spectrum.map { (tensor.name, $0) } }
    let values = spectra.enumerated().compactMap { i, entry -> LineChart.Value? in
      let ratio = entry.1.largest / entry.1.edge
      guard ratio.isFinite else { return nil }
      return LineChart.Value(index: i, y: ratio, label: "\(shortened(entry.0, limit: 80)): \(numberText(ratio))")
    }
    guard let highest = values.map(\.y).max() else { return nil }
    self.init(
      title: """
        Largest singular value ÷ Marchenko–Pastur edge of \(plural(values.count, "weight")); the highest is \
        \(numberText(highest)).
        """,
      yLabel: "largest singular value ÷ edge", style: color, mark: 1.1, values: values)
  }
}
