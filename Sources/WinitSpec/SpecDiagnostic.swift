// A problem of a spec with its place, and the error that holds all problems of a spec.

package import WinitCore
import WinitJSON

/// A problem of a spec, with its place.
package struct SpecDiagnostic: Error, Sendable, Hashable, CustomStringConvertible {
  /// The file, as the caller named it.
  package let file: String
  /// The line, from 1; nil if the problem belongs to the file as a whole, or the spec was created in Swift.
  package let line: Int?
  /// The tensor that the problem belongs to; nil if it belongs to none.
  package let tensor: TensorName?
  package let problem: SpecProblem

  /// The problem's kind.
  package var kind: SpecProblem.Kind { problem.kind }

  /// What is wrong, and what to do.
  package var message: String { problem.message }

  /// `gpt2.yaml:12: tensor `h.0.w`: …`
  package var description: String {
    file + (line.map { ":\($0)" } ?? "") + ": " + (tensor.map { "tensor \(quoted: $0): " } ?? "") + message
  }
}

/// All problems of a spec.
package struct SpecError: Error, Sendable, CustomStringConvertible {
  /// The problems in the order of the file; at least one.
  package let diagnostics: [SpecDiagnostic]

  package init(_ diagnostics: [SpecDiagnostic]) {
    self.diagnostics = diagnostics.sorted { ($0.line ?? 0) < ($1.line ?? 0) }
  }

  /// The maximum number of problems that `description` shows.
  static let shown = 50

  /// The first fifty problems, one on each line.
  package var description: String {
    let shown = diagnostics.prefix(Self.shown).map(\.description)
    let more = diagnostics.count - shown.count
    return (shown + (more > 0 ? ["… and \(more) more errors"] : [])).joined(separator: "\n")
  }
}
