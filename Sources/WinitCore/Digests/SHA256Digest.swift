// SHA-256 digests.

/// A SHA-256 digest of a chunk, a tensor, a name or a manifest.
package struct SHA256Digest: Sendable, Hashable, CustomStringConvertible {
  /// The 32 bytes as four big-endian numbers of 8 bytes.
  private let words: SIMD4<UInt64>

  /// Creates a digest from 32 raw bytes. Returns nil for any other number of bytes.
  package init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 32 else { return nil }
    self.init(unchecked: bytes)
  }

  /// Creates a digest from exactly 32 raw bytes, without a check.
  init(unchecked bytes: some Collection<UInt8>) {
    // Bytes in memory are read as four words, and any other collection is copied to memory.
    words = bytes.withContiguousStorageIfAvailable(Self.words) ?? Array(bytes).withUnsafeBufferPointer(Self.words)
  }

  private static func words(_ bytes: UnsafeBufferPointer<UInt8>) -> SIMD4<UInt64> {
    precondition(bytes.count == 32)
    let bytes = UnsafeRawBufferPointer(bytes)
    func word(_ index: Int) -> UInt64 {
      UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self))
    }
    return SIMD4(word(0), word(1), word(2), word(3))
  }

  /// Reads 64 hexadecimal digits, with or without the prefix `sha256:`. Returns nil for any other text.
  package init?(_ text: String) {
    let digits = text.hasPrefix("sha256:") ? Array(text.utf8.dropFirst(7)) : Array(text.utf8)
    guard digits.count == 64 else { return nil }
    var words = SIMD4<UInt64>.zero
    for (i, digit) in digits.enumerated() {
      guard let value = SHA256Digest.hexValue(digit) else { return nil }
      words[i / 16] = words[i / 16] << 4 | value
    }
    self.words = words
  }

  /// Computes the digest of a sequence of bytes.
  package init(of bytes: some Sequence<UInt8>) {
    self.init(hashing: Array(bytes).span.bytes)
  }

  /// Computes the digest of a span of memory.
  package init(hashing bytes: RawSpan) {
    var hasher = SHA256Hasher()
    bytes.withUnsafeBytes { hasher.update($0) }
    self = hasher.finish()
  }

  /// Creates a digest from the eight words of the final state of SHA-256.
  init(words: [UInt32]) {
    self.words = SIMD4((0..<4).map { UInt64(words[2 * $0]) << 32 | UInt64(words[2 * $0 + 1]) })
  }

  /// The 32 raw bytes.
  package var bytes: [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
      for i in 0..<32 { buffer[i] = UInt8(truncatingIfNeeded: words[i / 8] >> UInt64(56 - 8 * (i % 8))) }
      count = 32
    }
  }

  /// The digest as 64 lower-case hexadecimal digits.
  package var hex: String {
    String(unsafeUninitializedCapacity: 64) { buffer in
      for i in 0..<64 {
        let digit = UInt8(truncatingIfNeeded: words[i / 16] >> UInt64(60 - 4 * (i % 16))) & 15
        buffer[i] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
      }
      return 64
    }
  }

  /// The digest as `sha256:` and 64 digits, the form that every output uses.
  package var description: String { "sha256:" + hex }

  /// Returns the value of a hexadecimal digit in ASCII, or nil for any other byte.
  package static func hexValue(_ digit: UInt8) -> UInt64? {
    switch digit {
    case 0x30...0x39: UInt64(digit - 0x30)
    case 0x61...0x66: UInt64(digit - 0x61 + 10)
    case 0x41...0x46: UInt64(digit - 0x41 + 10)
    default: nil
    }
  }
}

extension SHA256Digest {
  /// Computes the digest of a tensor: SHA-256 of the raw digests of its chunks, one after another.
  ///
  /// A tensor without elements has no chunks, so its digest is SHA-256 of the empty string.
  package init(ofChunks chunks: DigestList) {
    self.init(hashing: chunks.bytes.span.bytes)
  }
}
