// The reader of the index of a sharded checkpoint, in a folder with existing files.

import Foundation
import WinitCore
import WinitFiles

extension FuzzTarget {
  /// Only files in the folder of the index are opened, and each tensor is in the file that the index names.
  static let index = FuzzTarget("index") { bytes in
    let folder = try Shards.folder.get()
    let path = folder + "/x.json"
    try Shards.write(bytes, to: path)
    let entries: [Checkpoint.Entry]
    do { entries = try Checkpoint(path).entries } catch let error as FormatError {
      return .refused(error.problem)
    } catch let error as FileError {
      try expect(folderPrefix(of: error.path) == folder + "/", "\(error.path) was opened")
      return .refused("a file does not exist")
    }
    for entry in entries {
      let file = TensorName(entry.file)
      try expect(
        Shards.files.contains { $0.name == file && $0.tensors.contains(entry.name) },
        "`\(entry.name)` is not in `\(file)`")
    }
    try expect(Set(entries.map(\.name)).count == entries.count, "duplicate name")
    return .accepted
  }
}

/// The files of the folder. Two of them contain the same tensor, and the names of two are canonically equivalent.
private enum Shards {
  static let files: [(name: TensorName, tensors: [TensorName])] = [
    ("a", ["w", "b"]), ("b", ["v", "b"]), ("\u{E9}", ["\u{E9}", "e\u{301}"]), ("e\u{301}", ["x"]),
  ]

  /// A folder that only this process uses. Every input overwrites the index.
  static let folder: Result<String, any Error> = Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "winit-fuzz-\(getpid())").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for file in files {
      let layout = SafetensorsLayout(
        try file.tensors.map { ($0, .uint8, try Shape([1])) }, metadata: [])
      let bytes = layout.header + [UInt8](repeating: 0, count: file.tensors.count)
      try write(bytes, to: "\(folder)/\(file.name.string)")
    }
    atexit { Shards.remove() }
    return folder
  }

  static func write(_ bytes: [UInt8], to path: String) throws {
    guard let file = fopen(path, "w") else { throw BrokenProperty(description: "cannot write \(path)") }
    defer { fclose(file) }
    guard fwrite(bytes, 1, bytes.count, file) == bytes.count else {
      throw BrokenProperty(description: "cannot write \(path)")
    }
  }

  private static func remove() {
    guard let folder = try? folder.get() else { return }
    try? FileManager.default.removeItem(atPath: folder)
  }
}
