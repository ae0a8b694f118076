// The page of a report: one file that needs nothing else.

package import WinitDiagnosis

/// A page that shows diagnoses to a person: cards of the runs, findings, pictures, tables. Everything is in one file,
/// which is the same for the same diagnoses, and which a browser opens without a network and without scripts.
package struct ReportPage: Sendable {
  package struct Options: Sendable {
    /// The title; nil for the names of the runs.
    package var title: String?

    package init(title: String? = nil) { self.title = title }
  }

  private let runs: [ReportedRun]
  private var diagnoses: [Diagnosis] { runs.map(\.diagnosis) }
  let options: Options

  package init(diagnoses: [Diagnosis], options: Options = Options()) {
    (runs, self.options) = (ReportedRun.runs(diagnoses), options)
  }

  /// The text of the file, in UTF-8.
  package var html: String {
    let sections = [
      PageSection(id: "runs", heading: diagnoses.count == 1 ? "Summary" : "Runs", content: RunCards(runs).markup),
      PageSection(id: "findings", heading: "Findings", content: FindingList(diagnoses).markup),
      LayerSection(runs).section,
      TensorSection(diagnoses).section,
      SpectrumSection(runs).section,
      RecipeSection(diagnoses).section,
      NoteSection(diagnoses).section,
    ].compactMap { $0 }
    let page: Markup = """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta http-equiv="Content-Security-Policy" content="\(PageScript.policy)">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <meta name="generator" content="winit-registry">
      <title>\(shortened(title, limit: 120))</title>
      <link rel="icon" href="\(PageStyle.icon)">
      <style>\(Markup(trusted: PageStyle.sheet))</style>
      </head>
      <body>
      <a class="skip" href="#main">Skip to the report</a>
      <header class="top"><p class="kicker">Initialization report</p><h1>\(shortened(title, limit: 120))</h1>
      <p class="verdict">\(verdict)</p></header>
      <nav aria-label="Sections">\(sections.markup { "<a href=\"#\($0.id)\">\($0.heading)</a>" })</nav>
      <main id="main">
      \(sections.markup(\.markup))</main>
      <footer><p>\(footer)</p></footer>
      <script>\(Markup(trusted: PageScript.source))</script>
      </body>
      </html>

      """
    return page.source
  }

  private var title: String {
    if let title = options.title { return title }
    let names = diagnoses.prefix(4).map(\.subject.name)
    let rest = diagnoses.count - names.count
    let others = rest > 0 ? ["\(countText(rest)) more"] : []
    let all = names + others
    return all.count < 2
      ? all.first ?? "No runs" : "\(all.dropLast().joined(separator: ", ")) and \(all[all.count - 1])"
  }

  /// The result in a sentence.
  private var verdict: String {
    let findings = diagnoses.flatMap(\.findings)
    let counts = Finding.Severity.allCases.compactMap { severity in
      let count = findings.count { $0.severity == severity }
      if count == 0 { return String?.none }
      return severity.countText(count)
    }
    let runs = diagnoses.count == 1 ? "" : " in \(plural(diagnoses.count, "run"))"
    let serious = findings.contains { $0.severity > .information }
    if counts.isEmpty { return "No findings\(runs)." }
    return counts.joined(separator: ", ") + runs + (serious ? "." : ". No errors and no warnings.")
  }

  private var footer: String {
    let versions = Set(diagnoses.map(\.subject.toolVersion)).sorted()
    return """
      Diagnosed by winit-registry \(versions.prefix(4).joined(separator: ", ")). Statistics are those of the finite \
      elements; std has the divisor n. Numbers in tables have four significant digits.
      """
  }
}

/// A section of the page, with its heading.
struct PageSection {
  /// The anchor; a literal.
  let id: String
  let heading: String
  let content: Markup

  var markup: Markup {
    """
    <section id="\(id)" aria-labelledby="h-\(id)"><h2 id="h-\(id)">\(heading)</h2>
    \(content)</section>

    """
  }
}
