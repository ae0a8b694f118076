// The stream of a tensor: where its words come from.

extension TensorName {
  /// The stream of a tensor: the first 8 bytes of SHA-256 of its name in UTF-8, read little-endian.
  public var stream: UInt64 {
    Digest(of: string.utf8).bytes.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}
