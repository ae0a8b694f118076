// NumPy's archives: a zip file with one .npy file for each tensor.

import WinitCore
import WinitFiles
import WinitJSON

extension Export {
  /// Returns the name of the entry and the .npy header of each tensor.
  ///
  /// - Throws: `RegistryError.invalidArgument` if the format cannot hold a tensor.
  func archiveEntries() throws -> [ArchiveTarget.Entry] {
    try items.map { item in
      let parts = item.name.string.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
      guard !parts.contains(where: { $0.elementsEqual("..".utf8) }), parts.first?.isEmpty == false,
        item.name.string.utf8.count <= 60_000
      else {
        throw RegistryError.invalidArgument(
          "\(quoted: item.name) cannot be the name of a file in an archive. Use safetensors, or name other tensors")
      }
      return ArchiveTarget.Entry(
        name: item.name.string + ".npy", header: try npyHeader(item), byteCount: item.byteCount)
    }
  }
}

/// Writes tensors to a zip file. The checksum in the header of an entry is filled in after its tensor.
final class ArchiveTarget: ExportTarget {
  struct Entry {
    let name: String
    let header: [UInt8]
    /// The size of the elements.
    let byteCount: Int
  }

  private let entries: [Entry]
  private let file: OutputFile
  private let layout: ZipLayout
  private var checksums: [UInt32] = []
  private var current = CRC32()

  init(_ entries: [Entry], _ file: OutputFile) {
    self.entries = entries
    self.file = file
    layout = Self.layout(entries)
  }

  var headerBytes: Int { Self.headerBytes(of: entries) }

  /// The number of bytes of an archive that are not bytes of tensors.
  static func headerBytes(of entries: [Entry]) -> Int {
    layout(entries).headerBytes + entries.reduce(0) { $0 + $1.header.count }
  }

  private static func layout(_ entries: [Entry]) -> ZipLayout {
    ZipLayout(entries.map { ($0.name, $0.header.count + $0.byteCount) })
  }

  func begin(_ index: Int) throws {
    try endEntry(before: index)
    try file.write(layout.header(index))
    try entries[index].header.withUnsafeBytes { try write($0) }
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws {
    current.update(bytes)
    try file.write(bytes)
  }

  func finish() throws {
    try endEntry(before: entries.count)
    try file.write(layout.directory(checksums))
  }

  private func endEntry(before index: Int) throws {
    guard index > 0 else { return }
    let checksum = current.value
    let bytes = (0..<4).map { UInt8(truncatingIfNeeded: checksum >> (8 * $0)) }
    try file.overwrite(bytes, at: layout.checksumOffset(index - 1))
    checksums.append(checksum)
    current = CRC32()
  }
}
