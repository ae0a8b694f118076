// The recipe of a run: the scheme of each family of tensors.

import WinitDiagnosis

/// A table of the families of tensors, with scheme, fans, and the std of the members as a small line.
struct RecipeSection {
  private let diagnoses: [Diagnosis]

  init(_ diagnoses: [Diagnosis]) { self.diagnoses = diagnoses }

  /// The section; nil if no tensor has a scheme.
  var section: PageSection? {
    let runs = diagnoses.filter { $0.tensors.contains { $0.scheme != nil } }
    if runs.isEmpty { return nil }
    return PageSection(id: "recipe", heading: "Recipe", content: runs.markup(table))
  }

  private func table(_ diagnosis: Diagnosis) -> Markup {
    let heading: Markup? = diagnoses.count > 1 ? "<h3>\(Markup.code(diagnosis.subject.name))</h3>" : nil
    return """
      \(heading)<div class="scroll" tabindex="0" role="region" \
      aria-label="Recipe of \(shortened(diagnosis.subject.name))"><table class="plain recipe"><thead><tr>\
      <th>tensors</th><th>scheme</th><th>shape</th><th>fan in</th><th>fan out</th><th>std</th><th>std by member</th></tr>\
      </thead><tbody>\(TensorFamily.families(of: diagnosis.tensors).markup(row))</tbody></table></div>

      """
  }

  private func row(_ family: TensorFamily) -> Markup {
    guard let first = family.members.first else { return "" }
    let count: Markup? =
      family.members.count > 1 ? " <span class=\"times\">× \(countText(family.members.count))</span>" : nil
    let stds = family.members.compactMap(\.std).filter(\.isFinite)
    let range =
      if let low = stds.min(), let high = stds.max(), numberText(low) != numberText(high) {
        "\(numberText(low)) to \(numberText(high))"
      } else {
        numberText(stds.first)
      }
    let line = family.members.contains { $0.std != 0 } ? Sparkline(family.members.map(\.std)) : nil
    let fans = family.members.allSatisfy { $0.fanIn == first.fanIn && $0.fanOut == first.fanOut }
    return """
      <tr><th scope="row">\(Markup.code(family.label))\(count)</th>\
      <td>\(shortened(first.tiedTo == nil ? first.scheme ?? "–" : "tied"))</td>\
      <td>\(shortened(first.shape.map(String.init).joined(separator: "×"), limit: 60))</td>\
      <td>\(fans ? first.fanIn.map(countText) ?? "–" : "differ")</td>\
      <td>\(fans ? first.fanOut.map(countText) ?? "–" : "differ")</td><td>\(range)</td>\
      <td>\(line?.picture(title: "std of \(plural(family.members.count, "member")): \(range)").inline("spark"))</td></tr>

      """
  }
}
