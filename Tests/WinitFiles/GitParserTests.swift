// The parsers of the files of git, with bytes of other programs.

import Foundation
import Testing
import WinitCore
import WinitFiles
import WinitTestSupport

@Suite struct GitParserTests {
  // What Python's zlib.compress returns for 1,000 times "tree " and for no bytes.
  @Test(arguments: [("eJztxDENAAAIAzArmJsBMv9BBV97tJtMJUmSJEmSJH12oIIU6g==", 5000), ("eJwDAAAAAAE=", 0)])
  func `a compressed object is read whole, within its limit, or not at all`(text: String, size: Int) throws {
    let bytes = Array(try #require(Data(base64Encoded: text)))
    // What follows the stream belongs to the next object of a pack.
    for stream in [bytes, bytes + bytes] {
      #expect(try inflated(stream[...], limit: size) == Array(String(repeating: "tree ", count: size / 5).utf8))
    }
    for limit in Set([0, size / 2, size - 1]) where limit >= 0 && limit < size {
      #expect(throws: (any Error).self) { try inflated(bytes[...], limit: limit) }
    }
    for count in bytes.indices {
      #expect(throws: (any Error).self) { try inflated(bytes[..<count], limit: 10_000) }
    }
    // The checksum is at the end.
    #expect(throws: (any Error).self) {
      try inflated((bytes.dropLast() + [bytes[bytes.count - 1] ^ 1])[...], limit: size)
    }
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
