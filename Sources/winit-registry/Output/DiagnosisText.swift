// A diagnosis in a terminal.

import Foundation
import WinitDiagnosis

extension Diagnosis {
  /// The diagnosis as text: the tensors, the layers, notes and findings.
  ///
  /// - Parameter isUnfolded: whether each tensor and each layer has a line of its own.
  func text(isUnfolded: Bool) -> String {
    let glyphs = DiagnosisGlyphs.current
    let width = Terminal.width(of: STDOUT_FILENO)
    var parts = [heading]
    if !tensors.isEmpty { parts.append(tensorTable(isUnfolded: isUnfolded, glyphs).text) }
    if let layers = layerText(isUnfolded: isUnfolded, width: width, glyphs) {
      parts.append(([layers] + lines(network.map { glyphs.message($0.accuracy) }, width)).joined(separator: "\n"))
    }
    if let loss {
      let uniform = loss.uniform.map { ", ln(classes) is \(significant($0))" } ?? ""
      parts.append("loss of the first batch \(significant(loss.value))\(uniform)")
    }
    if !notes.isEmpty {
      parts.append(notes.flatMap { lines("note: \(glyphs.message($0))", width, indent: "  ") }.joined(separator: "\n"))
    }
    if !summaries.isEmpty { parts.append(summaries.joined(separator: "\n")) }
    parts.append(findings.isEmpty ? "no findings" : findings.map { $0.text(width, glyphs) }.joined(separator: "\n"))
    if !findings.isEmpty {
      parts.append(counts + (findings.contains(where: \.isFixedByRule) ? ". \(Finding.rulePlace)" : ""))
    }
    return parts.joined(separator: "\n\n")
  }

  private var heading: String {
    // The counts of a document from elsewhere can be of any size.
    let parameters = tensors.reduce(0) { sum, tensor in
      let (next, overflow) = sum.addingReportingOverflow(tensor.tiedTo == nil ? tensor.count : 0)
      return overflow ? .max : next
    }
    var facts = ["\(humanCount(parameters)) parameters in \(counted(tensors.count, "tensor"))"]
    if let seed = subject.seed { facts.append("seed \(seed)") }
    if let spec = subject.spec, spec != subject.name { facts.append(spec) }
    return oneLine("\(subject.name)  \(facts.joined(separator: ", "))")
  }

  /// What the spec allows and declares, as counts.
  private var summaries: [String] {
    func tally(_ words: [String]) -> String {
      Dictionary(grouping: words) { $0 }.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }
        .map { "\($0.value.count) \($0.key)" }.joined(separator: ", ")
    }
    var lines: [String] = []
    if !declared.isEmpty {
      let words = declared.map { $0.what.hasPrefix("tied to ") ? "tied" : $0.what }
      lines.append(oneLine("declared by the spec: " + tally(words)))
    }
    if !allowed.isEmpty { lines.append("allowed by the spec: " + tally(allowed.map { $0.finding.code.rawValue })) }
    return lines
  }

  /// The number of findings of each severity.
  private var counts: String {
    Finding.Severity.allCases.compactMap { severity in
      let count = findings.count { $0.severity == severity }
      guard count > 0 else { return nil }
      return severity == .information ? "\(count) for information" : counted(count, severity.rawValue)
    }.joined(separator: ", ")
  }
}

extension Finding {
  /// The severity, the code and the place on a line, then the message, then the fix.
  fileprivate func text(_ width: Int?, _ glyphs: DiagnosisGlyphs) -> String {
    let place =
      [tensor, layer].compactMap(\.self).first.map { "  " + oneLine($0) } ?? ""
    let head = "\(severity.rawValue)  \(code.rawValue)\(place)"
    let indent = "  "
    return
      ([head] + lines(indent + glyphs.message(message), width, indent: indent)
      + (fix.map { [indent + "fix: \(oneLine($0))"] } ?? []))
      .joined(separator: "\n")
  }
}

extension Finding.Severity {
  /// The escape sequence of the color of the word.
  fileprivate var color: String {
    switch self {
    case .error: "\u{1B}[1;31m"
    case .warning: "\u{1B}[1;33m"
    case .information: "\u{1B}[1m"
    }
  }
}

/// Prints a diagnosis on standard output, with colors where the terminal has them.
func emit(_ diagnosis: Diagnosis, isUnfolded: Bool) throws {
  let text = printable(diagnosis.text(isUnfolded: isUnfolded))
  guard Terminal.hasColor else { return try emit(text, exact: true) }
  // The text has no control characters any more, so that those of the colors are the only ones.
  let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
    let severity = Finding.Severity.allCases.first { line.hasPrefix("\($0.rawValue)  ") }
    return severity.map { "\($0.color)\($0.rawValue)\u{1B}[0m\(line.dropFirst($0.rawValue.count))" } ?? String(line)
  }
  try emit(lines.joined(separator: "\n"), exact: true)
}

/// Returns the lines of a text, broken at spaces where a terminal has a width. Lines after the first have an indent.
private func lines(_ text: String?, _ width: Int?, indent: String = "") -> [String] {
  guard let text = text.map(oneLine) else { return [] }
  guard let width, width > 20 else { return [text] }
  let body = text.hasPrefix(indent) ? String(text.dropFirst(indent.count)) : text
  let first = text.hasPrefix(indent) ? indent : ""
  return wrapped(body, to: width - indent.count, breaksWords: false).enumerated().map { index, line in
    (index == 0 ? first : indent) + line
  }
}

/// Returns a text without line breaks and tabs: a document from elsewhere must not print lines of its own.
private func oneLine(_ text: String) -> String {
  text.replacing("\r\n", with: "\\n").replacing("\n", with: "\\n").replacing("\t", with: "\\t")
}
