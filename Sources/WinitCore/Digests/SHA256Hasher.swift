// SHA-256 of one message, by the system's library.

#if canImport(CryptoKit)
  import CryptoKit
#else
  import CWinitLibcrypto
#endif

/// Computes the SHA-256 digest of a message that arrives in pieces, with CryptoKit on Apple's systems and with
/// OpenSSL's libcrypto elsewhere. Both use the processor's SHA instructions if it has them.
package struct SHA256Hasher {
  #if canImport(CryptoKit)
    private var state = CryptoKit.SHA256()

    package init() {}

    /// Adds the next bytes of the message.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) { state.update(bufferPointer: bytes) }

    /// Ends the message and returns its digest.
    package mutating func finish() -> SHA256Digest { SHA256Digest(unchecked: Array(state.finalize())) }
  #else
    private var state = SHA256_CTX()

    package init() { SHA256_Init(&state) }

    /// Adds the next bytes of the message.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
      SHA256_Update(&state, bytes.baseAddress, bytes.count)
    }

    /// Ends the message and returns its digest.
    package mutating func finish() -> SHA256Digest {
      withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) { bytes in
        SHA256_Final(bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), &state)
        return SHA256Digest(unchecked: bytes)
      }
    }
  #endif
}
