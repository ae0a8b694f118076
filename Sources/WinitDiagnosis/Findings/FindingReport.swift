// The result of the rules of findings.

/// What the rules found.
package struct FindingReport: Sendable, Equatable {
  /// The findings: the most severe first, then in the order of the tensors.
  package var findings: [Finding] = []
  /// The findings that the spec allows.
  package var allowed: [AllowedFinding] = []
  /// What the spec declares, in the order of the tensors.
  package var declared: [DeclaredTensor] = []
}
