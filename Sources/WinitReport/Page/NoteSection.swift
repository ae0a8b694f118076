// What the specs declare, and what a reader must know.

import WinitDiagnosis

/// The notes of each run, and the tensors that its spec declares to be what would otherwise be a finding.
struct NoteSection {
  private let diagnoses: [Diagnosis]

  init(_ diagnoses: [Diagnosis]) { self.diagnoses = diagnoses }

  /// The section; nil if there are no notes and no declarations.
  var section: PageSection? {
    let runs = diagnoses.filter { !$0.notes.isEmpty || !$0.declared.isEmpty }
    if runs.isEmpty { return nil }
    return PageSection(id: "notes", heading: "Notes and declarations", content: runs.markup(entry))
  }

  private func entry(_ diagnosis: Diagnosis) -> Markup {
    let heading: Markup? = diagnoses.count > 1 ? "<h3>\(Markup.code(diagnosis.subject.name))</h3>" : nil
    let notes: Markup? =
      diagnosis.notes.isEmpty
      ? nil : "<ul class=\"notes\">\(diagnosis.notes.markup { "<li>\(Markup.prose($0))</li>" })</ul>"
    return "\(heading)\(notes)\(declared(diagnosis))\n"
  }

  /// The declared tensors by what they are, with their names folded to families.
  private func declared(_ diagnosis: Diagnosis) -> Markup {
    if diagnosis.declared.isEmpty { return "" }
    var order: [String] = []
    var names: [String: [TensorDiagnosis]] = [:]
    for entry in diagnosis.declared {
      if names[entry.what] == nil { order.append(entry.what) }
      names[entry.what, default: []].append(TensorDiagnosis(name: entry.tensor, shape: [], dtype: "", count: 0))
    }
    let rows = order.markup { what in
      let families = TensorFamily.families(of: names[what] ?? [])
      let labels = families.markup { "<li>\(Markup.code($0.label))</li>" }
      return """
        <div><dt>\(shortened(what)) <small>\(plural(names[what]?.count ?? 0, "tensor"))</small></dt>\
        <dd><ul>\(labels)</ul></dd></div>
        """
    }
    return
      "<p class=\"lead\">The spec declares these tensors, so that they are no findings:</p><dl class=\"declared\">\(rows)</dl>"
  }
}
