// What is wrong with a spec, all of it at once.

public import WinitCore

/// One thing to say about a spec, with its place.
public struct SpecDiagnostic: Error, Sendable, Hashable, CustomStringConvertible {
  /// The file, as it was named.
  public let file: String
  /// The line, from 1; nil where it is about the file as a whole.
  public let line: Int?
  /// The tensor it is about, if one.
  public let tensor: TensorName?
  /// What is wrong and what to do.
  public let message: String

  /// `gpt2.yaml:12: tensor `h.0.w`: …`
  public var description: String {
    file + (line.map { ":\($0)" } ?? "") + ": " + (tensor.map { "tensor `\($0)`: " } ?? "") + message
  }
}

/// Everything that is wrong with a spec.
public struct SpecError: Error, Sendable, CustomStringConvertible {
  /// In the order of the file; at least one.
  public let diagnostics: [SpecDiagnostic]

  package init(_ diagnostics: [SpecDiagnostic]) {
    self.diagnostics = diagnostics.sorted { ($0.line ?? 0) < ($1.line ?? 0) }
  }

  /// How many are shown.
  static let shown = 50

  /// A line each, at most fifty.
  public var description: String {
    let shown = diagnostics.prefix(Self.shown).map(\.description)
    let more = diagnostics.count - shown.count
    return (shown + (more > 0 ? ["… and \(more) more errors"] : [])).joined(separator: "\n")
  }
}
