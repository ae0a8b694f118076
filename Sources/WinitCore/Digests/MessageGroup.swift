// SHA-256 of up to sixteen messages of equal length at once, on processors whose vectors make this faster.

import CWinitKernels

/// The SHA-256 states of up to sixteen messages of equal length.
struct MessageGroup {
  /// The maximum number of messages.
  static let capacity = Int(WINIT_MESSAGES)

  /// The number of messages from which a group is faster than one message after another. Hashing a group of any size
  /// costs as much as hashing a full group.
  static let minimumCount = 8

  /// The C function that hashes, or nil if the current kernel has none.
  private static let function:
    (@convention(c) (UnsafeMutablePointer<UInt32>?, UnsafePointer<UnsafeRawPointer?>?, Int) -> Void)? = {
      #if arch(x86_64)
        if SIMDKernel.current == .avx512 { return winit_sha256_avx512 }
      #endif
      return nil
    }()

  /// True if the current kernel can hash a group.
  static var isAvailable: Bool { function != nil }

  /// The states. Word i of the state of message m is at index `capacity` × i + m. The initial value is that of FIPS
  /// 180-4, section 5.3.3.
  private var state: [UInt32] = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
  ].flatMap { repeatElement($0, count: capacity) }
  private var byteCount = 0

  /// Adds the next bytes of each message.
  ///
  /// - Precondition: every message gets the same number of bytes, a multiple of 64.
  mutating func update(_ messages: [UnsafeRawBufferPointer]) {
    guard let function = MessageGroup.function, let first = messages.first else { return }
    precondition(
      first.count.isMultiple(of: 64) && messages.allSatisfy { $0.count == first.count },
      "every message must get the same number of bytes, a multiple of 64")
    var pointers = messages.map(\.baseAddress)
    pointers += repeatElement(first.baseAddress, count: MessageGroup.capacity - messages.count)
    function(&state, pointers, first.count / 64)
    byteCount += first.count
  }

  /// Pads the messages and returns the digests of the first `count`.
  ///
  /// The padding is the bit 1, zeros, and the length in bits as a big-endian number (FIPS 180-4, section 5.1.1).
  mutating func finish(count: Int) -> [SHA256Digest] {
    let length = UInt64(8 * byteCount)
    let padding =
      [0x80] + [UInt8](repeating: 0, count: 55)
      + (0..<8).map { UInt8(truncatingIfNeeded: length >> UInt64(56 - 8 * $0)) }
    padding.withUnsafeBytes { block in update([UnsafeRawBufferPointer](repeating: block, count: 1)) }
    return (0..<count).map { message in
      SHA256Digest(words: (0..<8).map { state[MessageGroup.capacity * $0 + message] })
    }
  }
}
