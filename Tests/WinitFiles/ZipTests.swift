// Zip archives and their checksums.

import Testing
import WinitFiles

@Suite struct ZipTests {
  // The check value of CRC-32 in the catalog of Williams, "A Painless Guide to CRC Error Detection Algorithms" (1993),
  // and values of Python's zlib.crc32.
  @Test func `CRC-32 has the known values, whatever the pieces`() {
    func checksum(_ bytes: [UInt8], pieces: [Int]) -> UInt32 {
      var crc = CRC32()
      var rest = bytes[...]
      for size in pieces + [bytes.count] {
        Array(rest.prefix(size)).withUnsafeBytes { crc.update($0) }
        rest = rest.dropFirst(size)
      }
      return crc.value
    }
    for pieces in [[], [1], [3, 0, 2], [8]] {
      #expect(checksum(Array("123456789".utf8), pieces: pieces) == 0xCBF4_3926)
      #expect(checksum((0..<1000).map { UInt8($0 % 251) }, pieces: pieces) == 0x7217_46A6)
    }
    #expect(checksum([], pieces: []) == 0)
  }

  @Test func `sizes and offsets from 4 GiB on have the fields of Zip64, and smaller ones do not`() throws {
    let large = 5 << 30
    let layout = ZipLayout([("a.npy", large), ("b.npy", 10)])
    let first = layout.header(0), second = layout.header(1)
    // APPNOTE 6.3.10, 4.3.7 and 4.5.3: 30 bytes, the name, and the extra field 1 with two sizes of 8 bytes.
    #expect(first.count == 30 + 5 + 20 && second.count == 30 + 5)
    #expect(first[18..<26].allSatisfy { $0 == 0xFF } && first[4] == 45 && second[4] == 20)
    #expect(number(first, 39, 8) == large && number(first, 47, 8) == large && number(first, 35, 2) == 1)
    #expect(layout.checksumOffset(1) == first.count + large + 14)
    let directory = layout.directory([1, 2])
    // The second entry lies beyond 4 GiB, so its extra field has the offset alone.
    let entry = 46 + 5 + 20
    #expect(number(directory, 42, 4) == 0 && number(directory, entry + 42, 4) == 0xFFFF_FFFF)
    #expect(number(directory, entry + 46 + 5 + 4, 8) == first.count + large)
    // The end of the directory: 56 bytes for Zip64, its locator of 20 bytes, and 22 bytes.
    let end = directory.count - 22
    #expect(number(directory, end, 4) == 0x0605_4B50 && number(directory, end + 16, 4) == 0xFFFF_FFFF)
    #expect(number(directory, end - 20, 4) == 0x0706_4B50 && number(directory, end - 76, 4) == 0x0606_4B50)
    #expect(number(directory, end - 28, 8) == first.count + large + second.count + 10)
    let small = ZipLayout([("a.npy", 10)]).directory([1])
    #expect(small.count == 46 + 5 + 22)
  }

  /// Returns a little-endian number.
  private func number(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> Int {
    bytes[offset..<offset + count].reversed().reduce(0) { $0 << 8 | Int($1) }
  }
}
