// The checksum of zip archives.

/// CRC-32 as in zip and PNG: polynomial 0x04C11DB7, reflected, eight bytes in each step (M. Kounavis and F. Berry, "A
/// Systematic Approach to Building High Performance Software-Based CRC Generators", 2005).
package struct CRC32: Sendable {
  private var state: UInt32 = 0xFFFF_FFFF

  package init() {}

  /// The checksum of all bytes so far.
  package var value: UInt32 { ~state }

  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    let tables = Self.tables
    var crc = state
    tables.withUnsafeBufferPointer { table in
      var offset = 0
      while offset + 8 <= bytes.count {
        let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) ^ UInt64(crc)
        crc = 0
        for i in 0..<8 { crc ^= table[256 * (7 - i) + Int(word >> UInt64(8 * i) & 0xFF)] }
        offset += 8
      }
      for byte in bytes[offset...] { crc = crc >> 8 ^ table[Int((crc ^ UInt32(byte)) & 0xFF)] }
    }
    state = crc
  }

  /// Eight tables of 256 numbers: the effect of a byte that is followed by 0 to 7 other bytes.
  private static let tables: [UInt32] = {
    var table = [UInt32](repeating: 0, count: 8 * 256)
    for byte in 0..<256 {
      var crc = UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 0 ? crc >> 1 : crc >> 1 ^ 0xEDB8_8320 }
      table[byte] = crc
    }
    for index in 256..<table.count {
      let crc = table[index - 256]
      table[index] = crc >> 8 ^ table[Int(crc & 0xFF)]
    }
    return table
  }()
}
