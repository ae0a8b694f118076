// The headers of zip archives.

/// The layout of a zip archive whose entries are stored without compression, as `numpy.savez` stores them. The form of
/// the headers follows PKWARE's APPNOTE 6.3.10; sizes and offsets from 4 GiB on, and more than 65,534 entries, have the
/// fields of Zip64. No time is recorded, so equal entries give equal archives.
package struct ZipLayout: Sendable {
  private let names: [[UInt8]]
  private let sizes: [Int]
  /// The offset of the header of each entry, then of the directory.
  private let offsets: [Int]

  /// Creates the layout of entries with these names and sizes in bytes.
  ///
  /// - Precondition: a name has at most 65,535 bytes.
  package init(_ entries: [(name: String, byteCount: Int)]) {
    names = entries.map { Array($0.name.utf8) }
    sizes = entries.map(\.byteCount)
    var offsets = [0]
    for (name, size) in zip(names, sizes) {
      offsets.append((offsets.last ?? 0) + 30 + name.count + (Self.isLarge(size) ? 20 : 0) + size)
    }
    self.offsets = offsets
  }

  /// The size of everything that is not the content of an entry.
  package var headerBytes: Int {
    (offsets.last ?? 0) - sizes.reduce(0, +) + directory([UInt32](repeating: 0, count: sizes.count)).count
  }

  /// Returns the offset in the archive of the checksum in an entry's header, which is 4 bytes long.
  package func checksumOffset(_ index: Int) -> Int { offsets[index] + 14 }

  /// Returns the header before the content of an entry, with a checksum of 0.
  package func header(_ index: Int) -> [UInt8] {
    let isLarge = Self.isLarge(sizes[index])
    var out = Fields()
    out.put32(0x0403_4B50)
    common(index, checksum: 0, isLarge: isLarge, to: &out)
    out.put16(isLarge ? 20 : 0)
    out.bytes += names[index]
    if isLarge { out.putLarge([sizes[index], sizes[index]]) }
    return out.bytes
  }

  /// Returns the directory at the end of the archive.
  ///
  /// - Parameter checksums: the CRC-32 of each entry.
  package func directory(_ checksums: [UInt32]) -> [UInt8] {
    var out = Fields()
    for (index, checksum) in checksums.enumerated() {
      let (isLarge, isFar) = (Self.isLarge(sizes[index]), Self.isLarge(offsets[index]))
      let large = (isLarge ? [sizes[index], sizes[index]] : []) + (isFar ? [offsets[index]] : [])
      out.put32(0x0201_4B50)
      out.put16(3 << 8 | 45)  // made on Unix, for the permissions below
      common(index, checksum: checksum, isLarge: isLarge || isFar, sizesAreLarge: isLarge, to: &out)
      out.put16(large.isEmpty ? 0 : 4 + 8 * large.count)
      out.put16(0)  // the length of a comment
      out.put16(0)  // the disk
      out.put16(0)  // internal attributes
      out.put32(0o100644 << 16)
      out.put32(isFar ? 0xFFFF_FFFF : offsets[index])
      out.bytes += names[index]
      if !large.isEmpty { out.putLarge(large) }
    }
    let (start, size, count) = (offsets.last ?? 0, out.bytes.count, checksums.count)
    if count >= 0xFFFF || Self.isLarge(start) || Self.isLarge(size) {
      out.put32(0x0606_4B50)
      out.put64(44)
      out.put16(3 << 8 | 45)
      out.put16(45)
      out.put64(0)
      for value in [count, count, size, start] { out.put64(value) }
      out.put32(0x0706_4B50)
      out.put32(0)
      out.put64(start + size)
      out.put32(1)
    }
    out.put32(0x0605_4B50)
    out.put32(0)
    for _ in 0..<2 { out.put16(min(count, 0xFFFF)) }
    out.put32(min(size, 0xFFFF_FFFF))
    out.put32(min(start, 0xFFFF_FFFF))
    out.put16(0)
    return out.bytes
  }

  /// Appends the fields that both headers of an entry have, from the version to the length of the name.
  private func common(
    _ index: Int, checksum: UInt32, isLarge: Bool, sizesAreLarge: Bool? = nil, to out: inout Fields
  ) {
    let isASCII = names[index].allSatisfy { $0 < 0x80 }
    out.put16(isLarge ? 45 : 20)
    out.put16(isASCII ? 0 : 1 << 11)  // the name is UTF-8
    out.put16(0)  // stored
    out.put16(0)
    out.put16(1 << 5 | 1)  // 1 January 1980
    out.put32(Int(checksum))
    for _ in 0..<2 { out.put32(sizesAreLarge ?? isLarge ? 0xFFFF_FFFF : sizes[index]) }
    out.put16(names[index].count)
  }

  private static func isLarge(_ number: Int) -> Bool { number >= 0xFFFF_FFFF }

  private struct Fields {
    var bytes: [UInt8] = []

    mutating func put16(_ value: Int) { put(value, 2) }
    mutating func put32(_ value: Int) { put(value, 4) }
    mutating func put64(_ value: Int) { put(value, 8) }

    /// Appends the extra field of Zip64.
    mutating func putLarge(_ values: [Int]) {
      put16(1)
      put16(8 * values.count)
      for value in values { put64(value) }
    }

    private mutating func put(_ value: Int, _ count: Int) {
      for i in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * i))) }
    }
  }
}
