// Folders of files that hold one tensor or several.

import WinitCore
import WinitFiles

/// Writes tensors to the files of a new folder, one file after another.
final class FolderTarget: ExportTarget {
  struct File {
    let name: String
    let header: [UInt8]
    /// The number of tensors that follow the header.
    let count: Int
    /// The size of these tensors.
    let tensorBytes: Int
  }

  private let folder: OutputFolder
  private var files: ArraySlice<File>
  private var current: OutputFile?
  /// The number of tensors that the current file still takes.
  private var rest = 0
  let headerBytes: Int

  init(_ files: [File], _ folder: OutputFolder) {
    self.files = files[...]
    self.folder = folder
    headerBytes = files.reduce(0) { $0 + $1.header.count }
  }

  func begin(_ index: Int) throws {
    if rest == 0 { try beginFile() }
    rest -= 1
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws { try current?.write(bytes) }

  func finish() throws {
    // A file without tensors, of a selection without tensors.
    while !files.isEmpty { try beginFile() }
    try endFile()
  }

  private func beginFile() throws {
    try endFile()
    guard let file = files.popFirst() else { return }
    let output = try OutputFile(file.name, in: folder, byteCount: file.header.count + file.tensorBytes)
    try output.write(file.header)
    (current, rest) = (output, file.count)
  }

  private func endFile() throws {
    try current?.commit()
    current = nil
  }
}
