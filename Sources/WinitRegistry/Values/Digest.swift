// The digests that name runs, weights and tensors.

package import WinitCore

/// A SHA-256 digest: the id of a run, the digest of all its weights, or that of one tensor.
public struct Digest: Sendable, Hashable, CustomStringConvertible {
  package let core: SHA256Digest

  init(_ core: SHA256Digest) { self.core = core }

  /// Reads 64 hexadecimal digits, with or without `sha256:` before them. Returns nil for any other text.
  public init?(_ text: String) {
    guard let core = SHA256Digest(text) else { return nil }
    self.core = core
  }

  /// The 64 lower-case hexadecimal digits.
  public var hex: String { core.hex }

  /// The text `sha256:` and the 64 digits, as the digest is written everywhere.
  public var description: String { core.description }
}
