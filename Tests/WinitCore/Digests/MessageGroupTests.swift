// SHA-256 of several messages at once, against the system's library.

import CWinitKernels
import Foundation
import Testing
import WinitCore

@Suite struct MessageGroupTests {
  typealias Function = @convention(c) (UnsafeMutablePointer<UInt32>?, UnsafePointer<UnsafeRawPointer?>?, Int) -> Void

  /// Ways to hash several messages at once that this processor has, with the number of messages.
  static let functions: [(name: String, lanes: Int, function: Function)] = {
    #if arch(x86_64)
      var found: [(String, Int, Function)] = []
      if winit_kernel_is_available(WINIT_KERNEL_AVX512) != 0 { found.append(("avx512", 16, winit_sha256_avx512)) }
      if winit_kernel_is_available(WINIT_KERNEL_AVX2) != 0 { found.append(("avx2", 8, winit_sha256_avx2)) }
      // The kernel of the oldest instruction set leaves the SHA instructions as the only way.
      let lanes = winit_sha256_lanes(WINIT_KERNEL_SSE2)
      if lanes >= 2 { found.append(("two", 2, winit_sha256_two)) }
      if lanes == 4 { found.append(("four", 4, winit_sha256_four)) }
      return found
    #else
      return winit_sha256_lanes(WINIT_KERNEL_NEON) == 4 ? [("four", 4, winit_sha256_four)] : []
    #endif
  }()

  @Test(arguments: functions.indices)
  func `messages in one group have the digests of the system's library`(index: Int) {
    let (name, lanes, function) = MessageGroupTests.functions[index]
    for blocks in [1, 2, 3, 17] {
      // Each message is another one, and ends with its padding.
      let length = 64 * blocks - 9
      let messages = (0..<lanes).map { message in
        (0..<length).map { UInt8(truncatingIfNeeded: 131 * $0 + 17 * message + $0 / 256) }
      }
      let end = [0x80] + (0..<8).map { UInt8(truncatingIfNeeded: (8 * length) >> (56 - 8 * $0)) }
      let padded: [UInt8] = Array(messages.map { $0 + end }.joined())
      var state = MessageGroupTests.initial.flatMap { repeatElement($0, count: lanes) }
      padded.withUnsafeBytes { bytes in
        let pointers: [UnsafeRawPointer?] = (0..<lanes).map { lane in bytes.baseAddress.map { $0 + 64 * blocks * lane }
        }
        // One block, then the others: the state carries over.
        function(&state, pointers, 1)
        function(&state, pointers.map { $0.map { $0 + 64 } }, blocks - 1)
      }
      for (message, bytes) in messages.enumerated() {
        let words = (0..<8).map { String(format: "%08x", state[lanes * $0 + message]) }
        #expect(
          "sha256:" + words.joined() == SHA256Digest(of: bytes).description, "\(name), \(blocks), message \(message)")
      }
    }
  }

  /// FIPS 180-4, section 5.3.3.
  static let initial: [UInt32] = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
  ]
}
