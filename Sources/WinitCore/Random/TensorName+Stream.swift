// The stream that belongs to a tensor name.

extension TensorName {
  /// The stream of the tensor with this name: the first 8 bytes of SHA-256 of the name in UTF-8, read as a
  /// little-endian number.
  package var stream: UInt64 {
    SHA256Digest(of: string.utf8).bytes.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}
