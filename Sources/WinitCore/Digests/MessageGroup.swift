// SHA-256 of sixteen messages of one length at once, where the processor's vectors do that faster than one by one.

import CWinitKernels

/// The hashes of up to sixteen messages under way.
struct MessageGroup {
  /// How many messages there can be.
  static let capacity = Int(WINIT_MESSAGES)

  /// How many messages make it worthwhile: fewer cost as much as all.
  static let least = 8

  /// The function that hashes; nil where the kernel in force has none.
  private static let function:
    (@convention(c) (UnsafeMutablePointer<UInt32>?, UnsafePointer<UnsafeRawPointer?>?, Int) -> Void)? = {
      #if arch(x86_64)
        if SIMDKernel.current == .avx512 { return winit_sha256_avx512 }
      #endif
      return nil
    }()

  static var isAvailable: Bool { function != nil }

  /// Word i of message m's hash stands at `capacity` × i + m.
  private var state: [UInt32] = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
  ].flatMap { repeatElement($0, count: capacity) }
  private var byteCount = 0

  /// Takes in the next bytes of each message, all as many and a multiple of 64.
  mutating func update(_ messages: [UnsafeRawBufferPointer]) {
    guard let function = MessageGroup.function, let first = messages.first else { return }
    precondition(first.count.isMultiple(of: 64) && messages.allSatisfy { $0.count == first.count })
    var pointers = messages.map(\.baseAddress)
    pointers += repeatElement(first.baseAddress, count: MessageGroup.capacity - messages.count)
    function(&state, pointers, first.count / 64)
    byteCount += first.count
  }

  /// Ends the messages: the bit 1, zeros, and the length in bits, big-endian (FIPS 180-4, section 5.1.1).
  mutating func finish(count: Int) -> [Digest] {
    let length = UInt64(8 * byteCount)
    let padding =
      [0x80] + [UInt8](repeating: 0, count: 55)
      + (0..<8).map { UInt8(truncatingIfNeeded: length >> UInt64(56 - 8 * $0)) }
    padding.withUnsafeBytes { block in update([UnsafeRawBufferPointer](repeating: block, count: 1)) }
    return (0..<count).map { message in
      Digest(words: (0..<8).map { state[MessageGroup.capacity * $0 + message] })
    }
  }
}
