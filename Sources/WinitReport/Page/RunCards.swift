// The cards of the runs: what was diagnosed.

import WinitDiagnosis

/// A card for each run, with its facts, its findings in numbers, and the ends of its curves.
struct RunCards {
  private let runs: [ReportedRun]

  init(_ runs: [ReportedRun]) { self.runs = runs }

  var markup: Markup {
    "<div class=\"cards\">\(runs.markup(card))</div>\n"
  }

  private func card(_ run: ReportedRun) -> Markup {
    let diagnosis = run.diagnosis
    let facts = subjectFacts(diagnosis) + sizeFacts(diagnosis) + pathFacts(run)
    let list = facts.markup { "<div><dt>\($0.name)</dt><dd>\($0.value)</dd></div>" }
    return """
      <article class="card"><h3><svg class="sample" viewBox="0 0 32 12" aria-hidden="true">\(RunStyle(run.color, variant: run.variant).sample)</svg> \
      <span>\(Markup.code(diagnosis.subject.name))</span></h3>\(counts(diagnosis))<dl>\(list)</dl></article>

      """
  }

  private func counts(_ diagnosis: Diagnosis) -> Markup {
    let badges = Finding.Severity.allCases.markup { severity in
      let count = diagnosis.findings.count { $0.severity == severity }
      return count == 0 ? "" : "\(Markup.badge(severity, count: count)) "
    }
    return badges.source.isEmpty
      ? "<p class=\"badges\"><span class=\"sev good\">no findings</span></p>" : "<p class=\"badges\">\(badges)</p>"
  }

  private func subjectFacts(_ diagnosis: Diagnosis) -> [(name: String, value: Markup)] {
    let subject = diagnosis.subject
    let kind =
      switch subject.kind {
      case .run: "run of a registry"
      case .spec: "spec, filled for this diagnosis"
      case .file: "checkpoint"
      case .model: "model in memory"
      }
    let texts: [(String, String?)] = [
      ("Id", subject.id), ("Seed", subject.seed), ("Spec", subject.spec), ("Created", subject.createdAt),
    ]
    return [("Subject", "\(kind)")]
      + texts.compactMap { name, text in text.map { (name, "<code>\(shortened($0))</code>") } }
  }

  private func sizeFacts(_ diagnosis: Diagnosis) -> [(name: String, value: Markup)] {
    // The elements of a tied tensor are those of its target.
    let parameters = saturatingSum(diagnosis.tensors.lazy.filter { $0.tiedTo == nil }.map(\.count))
    return [("Tensors", "\(countText(diagnosis.tensors.count))"), ("Parameters", "\(countText(parameters))")]
  }

  private func pathFacts(_ run: ReportedRun) -> [(name: String, value: Markup)] {
    var facts: [(name: String, value: Markup)] = []
    let curves = LayerCurves(run)
    for chart in [LayerChart.signal, .gradient] {
      for series in chart.chart([curves])?.series ?? [] {
        guard let ends = series.ends else { continue }
        let source = ends.isMeasured ? "measured" : "theory"
        let assumption = series.name.dropFirst(run.name.count)
        facts.append(
          (
            "\(chart.heading)\(assumption)",
            "\(numberText(ends.first.y)) <span class=\"to\">to</span> \(numberText(ends.last.y)) <small>\(source), first to last layer</small>"
          ))
      }
    }
    if let loss = run.diagnosis.loss {
      let uniform: Markup? = loss.uniform.map { uniform in
        let classes = loss.classes.map { "ln \(countText($0))" } ?? "uniform"
        return " <small>\(classes) is \(numberText(uniform))</small>"
      }
      facts.append(("Loss at step 0", "\(numberText(loss.value))\(uniform)"))
    }
    return facts
  }
}

extension Markup {
  /// A severity, by a sign, by the word, and by color.
  static func badge(_ severity: Finding.Severity, count: Int? = nil) -> Markup {
    let sign =
      switch severity {
      case .error: "×"
      case .warning: "!"
      case .information: "i"
      }
    let word = count.map(severity.countText)
    return """
      <span class="sev \(severity.rawValue)"><b aria-hidden="true">\(sign)</b>\(word ?? severity.rawValue)</span>
      """
  }
}

extension Finding.Severity {
  /// A number of findings in words: `2 errors`, `3 for information`.
  func countText(_ count: Int) -> String {
    self == .information ? "\(WinitReport.countText(count)) for information" : plural(count, rawValue)
  }
}
