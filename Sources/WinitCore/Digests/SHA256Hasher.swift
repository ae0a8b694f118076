// SHA-256 of one message, with the processor's instructions where it has them.

#if canImport(CryptoKit)
  import CryptoKit
#else
  import CWinitLibcrypto
#endif

/// The SHA-256 of a message that arrives in pieces: CryptoKit's on Apple's systems, OpenSSL's libcrypto elsewhere.
package struct SHA256Hasher {
  #if canImport(CryptoKit)
    private var state = CryptoKit.SHA256()

    package init() {}

    /// Adds the next bytes of the message.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) { state.update(bufferPointer: bytes) }

    /// Ends the message and returns its digest.
    package mutating func finish() -> Digest { Digest(unchecked: Array(state.finalize())) }
  #else
    private var state = SHA256_CTX()

    package init() { SHA256_Init(&state) }

    /// Adds the next bytes of the message.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
      SHA256_Update(&state, bytes.baseAddress, bytes.count)
    }

    /// Ends the message and returns its digest.
    package mutating func finish() -> Digest {
      withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) { bytes in
        SHA256_Final(bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), &state)
        return Digest(unchecked: bytes)
      }
    }
  #endif
}
