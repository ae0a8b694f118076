// SHA-256 digests: of chunks, of tensors, of names.

/// A SHA-256 digest.
public struct Digest: Sendable, Hashable, CustomStringConvertible {
  /// The 32 bytes, as the first 8 read as a big-endian number, and so on.
  private let words: SIMD4<UInt64>

  /// From 32 raw bytes; nil for any other count.
  public init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 32 else { return nil }
    self.init(unchecked: bytes)
  }

  /// From what is known to be 32 bytes.
  init(unchecked bytes: some Collection<UInt8>) {
    var words = SIMD4<UInt64>.zero
    for (i, byte) in bytes.enumerated() { words[i / 8] = words[i / 8] << 8 | UInt64(byte) }
    self.words = words
  }

  /// From 64 hexadecimal digits, with or without `sha256:` before them.
  public init?(_ text: String) {
    let digits = text.hasPrefix("sha256:") ? Array(text.utf8.dropFirst(7)) : Array(text.utf8)
    guard digits.count == 64 else { return nil }
    var words = SIMD4<UInt64>.zero
    for (i, digit) in digits.enumerated() {
      guard let value = Digest.hexValue(digit) else { return nil }
      words[i / 16] = words[i / 16] << 4 | value
    }
    self.words = words
  }

  /// The digest of some bytes.
  public init(of bytes: some Sequence<UInt8>) {
    self.init(hashing: Array(bytes).span.bytes)
  }

  /// The digest of memory.
  package init(hashing bytes: RawSpan) {
    var hasher = SHA256Hasher()
    bytes.withUnsafeBytes { hasher.update($0) }
    self = hasher.finish()
  }

  /// From the eight words that SHA-256 computes with.
  init(words: [UInt32]) {
    self.words = SIMD4((0..<4).map { UInt64(words[2 * $0]) << 32 | UInt64(words[2 * $0 + 1]) })
  }

  /// The 32 raw bytes.
  public var bytes: [UInt8] {
    (0..<32).map { UInt8(truncatingIfNeeded: words[$0 / 8] >> UInt64(56 - 8 * ($0 % 8))) }
  }

  /// 64 lower-case hexadecimal digits.
  public var hex: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// `sha256:` and the digits, as it is written everywhere.
  public var description: String { "sha256:" + hex }

  package static func hexValue(_ digit: UInt8) -> UInt64? {
    switch digit {
    case 0x30...0x39: UInt64(digit - 0x30)
    case 0x61...0x66: UInt64(digit - 0x61 + 10)
    case 0x41...0x46: UInt64(digit - 0x41 + 10)
    default: nil
    }
  }
}

extension Digest {
  /// A tensor's digest: SHA-256 of its chunks' raw digests, one after another. A tensor of no elements has no
  /// chunks, and so the digest of no bytes.
  public init(ofChunks chunks: DigestList) {
    self.init(hashing: chunks.bytes.span.bytes)
  }
}
