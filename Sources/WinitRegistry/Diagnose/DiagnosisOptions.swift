// The options of a diagnosis.

/// What a diagnosis does besides the facts of the elements, and how.
package struct DiagnosisOptions: Sendable {
  /// Whether the singular values of the weights are computed.
  package var hasSpectrum = false
  /// The number of samples of the pass through a dense chain.
  package var batch = 256
  /// The number of worker threads; nil for one per processor. The numbers do not depend on it.
  package var threads: Int?

  package init() {}
}
