// The findings of the runs.

import WinitDiagnosis

/// The findings of each run, the most severe first, with what fixes them.
struct FindingList {
  private let diagnoses: [Diagnosis]

  init(_ diagnoses: [Diagnosis]) { self.diagnoses = diagnoses }

  var markup: Markup {
    let total = diagnoses.reduce(0) { $0 + $1.findings.count }
    return """
      \(total > 1 ? tools : "")\
      \(diagnoses.enumerated().markup { list($1, run: $0) })
      """
  }

  /// Controls that work with the script, which shows them.
  private var tools: Markup {
    """
    <div class="tools" data-filters="findings" hidden><label>Filter findings <input type="search" \
    autocomplete="off" spellcheck="false"></label><label>Severity <select><option value="">all</option>\
    \(Finding.Severity.allCases.markup { "<option>\($0.rawValue)</option>" })</select></label>\
    <output aria-live="polite"></output></div>

    """
  }

  private func list(_ diagnosis: Diagnosis, run: Int) -> Markup {
    let heading: Markup? =
      diagnoses.count > 1 ? "<h3>\(Markup.code(diagnosis.subject.name))</h3>" : nil
    let findings: Markup =
      if diagnosis.findings.isEmpty {
        """
        <p class="none">No findings in \(plural(diagnosis.tensors.count, "tensor"))\
        \(diagnosis.layers.isEmpty ? "" : " and \(plural(Set(diagnosis.layers.map(\.name)).count, "layer"))").</p>
        """
      } else {
        """
        <ol class="findings">\(diagnosis.findings.enumerated().markup { item($1, id: "f\(run)-\($0)") })</ol>\
        \(diagnosis.findings.contains(where: \.isFixedByRule) ? place : "")
        """
      }
    return "\(heading)\(findings)\(allowed(diagnosis, run: run))\n"
  }

  private let place: Markup = "<p class=\"note\">\(Finding.rulePlace)</p>"

  private func item(_ finding: Finding, id: String, reason: String? = nil) -> Markup {
    let place: Markup =
      switch (finding.tensor, finding.layer) {
      case (let tensor?, let layer?) where tensor != layer:
        "tensor \(Markup.code(tensor)), layer \(Markup.code(layer))"
      case (let tensor?, _): "tensor \(Markup.code(tensor))"
      case (nil, let layer?): "layer \(Markup.code(layer))"
      case (nil, nil): ""
      }
    let fix: Markup? = finding.fix.map {
      "<div class=\"fix\"><span>Fix</span><code>\(shortened($0, limit: 1000))</code></div>"
    }
    let allowed: Markup? = reason.map { "<p class=\"reason\">Allowed by the spec: \(Markup.prose($0))</p>" }
    return """
      <li id="\(id)" class="\(finding.severity.rawValue)" data-severity="\(finding.severity.rawValue)">\
      <p class="head">\(Markup.badge(finding.severity)) <code class="rule">\(finding.code.rawValue)</code> \
      <span class="place">\(place)</span></p><p>\(Markup.prose(finding.message))</p>\(fix)\(allowed)</li>

      """
  }

  private func allowed(_ diagnosis: Diagnosis, run: Int) -> Markup {
    if diagnosis.allowed.isEmpty { return "" }
    let items = diagnosis.allowed.enumerated().markup { i, entry in
      item(entry.finding, id: "a\(run)-\(i)", reason: entry.reason)
    }
    return """
      <details><summary>\(plural(diagnosis.allowed.count, "finding")) that the spec allows</summary>\
      <ol class="findings">\(items)</ol></details>
      """
  }
}
