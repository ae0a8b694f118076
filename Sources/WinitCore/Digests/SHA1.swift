// SHA-1 of one message, by the system's library. Only the objects of git have SHA-1 digests.

#if canImport(CryptoKit)
  import CryptoKit
#else
  import CWinitLibcrypto
#endif

/// Returns the 20 bytes of the SHA-1 digest of a message.
package func sha1Digest(of message: [UInt8]) -> [UInt8] {
  #if canImport(CryptoKit)
    Array(Insecure.SHA1.hash(data: message))
  #else
    [UInt8](unsafeUninitializedCapacity: 20) { digest, count in
      // `SHA1` looks the algorithm up in tables that the end of the process frees, also while a thread reads a checkout.
      var state = SHA_CTX()
      SHA1_Init(&state)
      SHA1_Update(&state, message, message.count)
      SHA1_Final(digest.baseAddress, &state)
      count = 20
    }
  #endif
}
