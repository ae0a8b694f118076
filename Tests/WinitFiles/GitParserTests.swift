// The parsers of the files of git, with bytes of other programs.

import Foundation
import Testing
import WinitCore
import WinitFiles
import WinitTestSupport

@Suite struct GitParserTests {
  // Streams of Python's zlib, with the three kinds of blocks of RFC 1951, and the SHA-256 of their contents.
  @Test(arguments: [
    (
      "8fa8874847678774d4995fcc3510599215c4890226e6e40d32f130798ae30414",
      """
      eNo9kluWA0EIQv/dJVLufwvD1c7kcZIqERC75ZGmWzNWq6y8Wj22nziN2u3KOSjeym/gKabcBpNSben+A0nVL3SV7nwqt+7t\
      eGGaBT4utQBUg+mDdD9cUFchyjUk9Nrnq8L36DlXxW14UWIMhkBSn2FDW6nM+TxwDc0MF+ja2O9Dw9OEsIDeWSMId18qkVy3\
      ugRD1hseHQ+fOC2SqDnLUzsXHlePnDexYQ9PwN7lp38ufyP4XbC7MZ8tAogj09RFJtsX15/dG9bWZTxRTm6sdvRbGBaY5TrY\
      c2CzqiMcp1bkoLdrK6Y/vlNrVDa3fSxy+gMEVNjC
      """
    ),
    (
      "fd489337f05e74515739b57101e15ca4cf05943bd0cfb62cfc6c756aa8e62dd8",
      """
      eAEryUhVKCzNTM5WSCrKL89TSMuvUCgZFRsVGxUDizEwMjGzsLKxc3BycfPw8vELCAoJi4iKiUtISknLyMrJKygqKauoqqlr\
      aGpp6+jq6RsYGhmbmJqZW1haWdvY2tk7ODo5u7i6uXt4enn7+Pr5BwQGBYeEhoVHREZFx8TGxSckJiWnpKalZ2RmZefk5uUX\
      FBYVl5SWlVdUVlXX1NbVNzQ2Nbe0trV3dHZ19/T29U+YOGnylKnTps+YOWv2nLnz5i9YuGjxkqXLlq9YuWr1mrXr1m/YuGnz\
      lq3btu/YuWv3nr379h84eOjwkaPHjp84eer0mbPnzl+4eOnylavXrt+4eev2nbv37j94+Ojxk6fPnr94+er1m7fv3n/4+Onz\
      l6/fvv/4+ev3n7///o/6f2T7HwB76KOX
      """
    ),
    (
      "bce0aff19cf5aa6a7469a30d61d04e4376e4bbf6381052ee9e7f33925c954d52",
      """
      eAEBZACb/wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj9A\
      QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVpbXF1eX2BhYmOLfBNX
      """
    ),
  ])
  func `a zlib stream is read as zlib writes it, and no part of it is accepted`(digest: String, text: String) throws {
    let bytes = Array(try #require(Data(base64Encoded: text)))
    let output = try inflated(bytes[...], limit: 10_000)
    #expect(SHA256Digest(of: output).hex == digest)
    // The end of a block is its last code, before the 4 bytes of the checksum.
    for count in 0..<bytes.count - 4 {
      #expect(throws: (any Error).self) { try inflated(bytes[..<count], limit: 10_000) }
    }
    #expect(throws: (any Error).self) { try inflated(bytes[...], limit: output.count - 1) }
  }

  // FIPS 180-4, the examples of SHA-1 by NIST.
  @Test(arguments: [
    ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
    ("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "84983e441c3bd26ebaae4aa1f95129e5e54670f1"),
  ])
  func `SHA-1 has the known values`(message: String, digest: String) {
    let bytes = sha1Digest(of: Array(message.utf8))
    #expect(bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() == digest)
  }

  // gitformat-pack, "Deltified representation".
  @Test func `a difference copies and inserts, and one that leaves its base is refused`() throws {
    let base = Array("0123456789".utf8)
    // Sizes 10 and 7; copy 3 bytes from offset 2; insert "ab"; copy 2 bytes from offset 0.
    let delta: [UInt8] = [10, 7, 0x91, 2, 3, 2, 0x61, 0x62, 0x90, 2]
    #expect(try GitParsers.applied(delta, to: base) == Array("234ab01".utf8))
    for bad: [UInt8] in [
      [], [9, 7], [10, 8, 0x91, 2, 3], [10, 3, 0x91, 8, 3], [10, 1, 0], [10, 2, 2, 0x61], [10, 1, 0x80],
      [10, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
    ] {
      #expect(throws: (any Error).self, "\(bad)") { try GitParsers.applied(bad, to: base) }
    }
  }

  // The index of three files that git wrote; the tree is what `git write-tree` printed.
  @Test func `an index gives the tree that git writes, and no index that is cut short is read`() throws {
    let url = VectorFile.repository.appending(path: "Fuzz/corpus/git/index-2")
    let bytes = Array(try Data(contentsOf: url).dropFirst())
    let tree = try GitParsers.tree(ofIndex: bytes, idLength: 20)
    #expect(tree.count == 3 && tree.id == "9bfc69f0fe04bf9d401f85f041cfc60500046c1c")
    let four = Array(try Data(contentsOf: url.deletingLastPathComponent().appending(path: "index-4")).dropFirst())
    #expect(try GitParsers.tree(ofIndex: four, idLength: 20).id == tree.id)
    // Behind the last entry there are only extensions, which are optional.
    for count in 0..<200 {
      #expect(throws: (any Error).self, "\(count)") {
        try GitParsers.tree(ofIndex: Array(bytes[..<count]), idLength: 20)
      }
    }
  }
}
