// The tensors of the runs: a row with a histogram for each.

import WinitDiagnosis
import WinitJSON

/// A table of the tensors of each run. A row is a grid of its own, so that a browser lays out and draws only the rows
/// on the screen, and so that a row can become a card on a narrow screen. The roles keep it a table for screen readers.
struct TensorSection {
  private let diagnoses: [Diagnosis]

  init(_ diagnoses: [Diagnosis]) { self.diagnoses = diagnoses }

  /// The section; nil if no run has tensors.
  var section: PageSection? {
    if diagnoses.allSatisfy(\.tensors.isEmpty) { return nil }
    let tables = diagnoses.enumerated().filter { !$0.element.tensors.isEmpty }
    let content: Markup =
      """
      <p class="lead">Bars are the elements of a tensor, from its minimum to its maximum; the curve is the density of \
      its law. "Promised" is the std that the scheme promises, and "off by" is the distance in standard errors.</p>
      \(tables.markup { table($0.element, run: $0.offset) })
      """
    return PageSection(id: "tensors", heading: "Tensors", content: content)
  }

  private func table(_ diagnosis: Diagnosis, run: Int) -> Markup {
    let findings = Dictionary(
      grouping: diagnosis.findings.enumerated().filter { $0.element.tensor != nil }, by: { $0.element.tensor ?? "" })
    let rows = diagnosis.tensors.markup { row($0, findings[$0.name] ?? [], run: run) }
    let columns = ["tensor", "shape", "distribution", "mean", "std", "promised", "off by"]
    let heads = columns.markup { "<th role=\"columnheader\" scope=\"col\">\($0)</th>" }
    let name = Markup.code(diagnosis.subject.name)
    let table: Markup = """
      <div class="tools" data-filters="tensors" hidden><label>Filter tensors <input type="search" autocomplete="off" \
      spellcheck="false"></label><output aria-live="polite"></output></div>
      <table class="tensors" role="table" aria-label="Tensors of \(shortened(diagnosis.subject.name))">\
      <thead role="rowgroup"><tr role="row">\(heads)</tr></thead><tbody role="rowgroup">
      \(rows)</tbody></table>

      """
    if diagnoses.count == 1 { return table }
    return """
      <details class="run"\(Markup(trusted: run == 0 ? " open" : ""))><summary><h3>\(name)</h3> \
      <small>\(plural(diagnosis.tensors.count, "tensor"))</small></summary>\(table)</details>
      """
  }

  private func row(_ tensor: TensorDiagnosis, _ findings: [(offset: Int, element: Finding)], run: Int) -> Markup {
    let marks = findings.prefix(3).markup { i, finding in
      " <a class=\"mark \(finding.severity.rawValue)\" href=\"#f\(run)-\(i)\">\(finding.code.rawValue)</a>"
    }
    let scheme = tensor.tiedTo.map { "tied to \($0)" } ?? tensor.scheme ?? tensor.law?["law"]?.stringValue
    let shape = tensor.shape.isEmpty ? "scalar" : tensor.shape.map(String.init).joined(separator: "×")
    let distribution = HistogramPicture(tensor.histogram, LawDensity(tensor.law))
    let off = tensor.z.map { "\(shortNumberText($0, digits: 2)) SE" }
    return """
      <tr role="row"><th role="rowheader" scope="row">\(Markup.code(tensor.name))\(marks)\
      \(scheme.map { "<span class=\"scheme\">\(shortened($0, limit: 100))</span>" })\
      \(TensorDetails(tensor, distribution).markup)</th>\
      <td role="cell" data-v="\(tensor.count)"><span>\(shortened(shape, limit: 60)) \
      <small>\(shortened(tensor.dtype, limit: 24))</small></span></td>\
      <td role="cell">\(distribution.map { $0.picture(title: title(tensor)).inline("hist") } ?? "–")</td>\
      <td role="cell">\(numberText(tensor.mean))</td><td role="cell">\(numberText(tensor.std))</td>\
      <td role="cell">\(numberText(tensor.expectedStd))</td><td role="cell">\(off ?? "–")</td></tr>

      """
  }

  /// The histogram in a sentence.
  private func title(_ tensor: TensorDiagnosis) -> String {
    let law = LawDensity(tensor.law).map { "; law: \($0.description)" } ?? ""
    return "\(numberText(tensor.min)) to \(numberText(tensor.max))\(law)"
  }
}
