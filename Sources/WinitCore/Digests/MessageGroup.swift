// SHA-256 of several messages of equal length at once, on processors on which this is faster.

import CWinitKernels

/// The SHA-256 states of a few messages of equal length.
struct MessageGroup {
  /// The kernel, which $WINIT_KERNEL limits.
  private static let kernel = SIMDKernel.current.number ?? SIMDKernel.narrowest

  /// The number of messages of the largest group of this processor: 16 in the lanes of 512-bit vectors, 4 or 2 with the
  /// SHA instructions, 8 in the lanes of 256-bit vectors, or 1. A batch of 16 chunks is a whole number of groups.
  static let maximumCapacity = winit_sha256_lanes(kernel)

  /// The number of messages of this group.
  let capacity: Int
  private let function: @convention(c) (UnsafeMutablePointer<UInt32>?, UnsafePointer<UnsafeRawPointer?>?, Int) -> Void

  /// The states. Word i of the state of message m is at index `capacity` × i + m. The initial value is that of FIPS
  /// 180-4, section 5.3.3.
  private var state: [UInt32]
  private var byteCount = 0

  /// Creates the group that hashes the first of `count` messages fastest; nil if one message after another is faster.
  init?(ofFirst count: Int) {
    let group = winit_sha256_group(MessageGroup.kernel, count)
    guard let function = group.function else { return nil }
    (self.function, capacity) = (function, group.lanes)
    state = [
      0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
    ].flatMap { repeatElement($0, count: group.lanes) }
  }

  /// Adds the next bytes of each message.
  ///
  /// - Precondition: every message gets the same number of bytes, a multiple of 64.
  mutating func update(_ messages: [UnsafeRawBufferPointer]) {
    guard let first = messages.first else { return }
    precondition(
      first.count.isMultiple(of: 64) && messages.allSatisfy { $0.count == first.count },
      "every message must get the same number of bytes, a multiple of 64")
    var pointers = messages.map(\.baseAddress)
    pointers += repeatElement(first.baseAddress, count: capacity - messages.count)
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
      SHA256Digest(words: (0..<8).map { state[capacity * $0 + message] })
    }
  }
}
