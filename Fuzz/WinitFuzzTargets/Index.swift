// The index of a sharded checkpoint, beside shards that are there.

import Foundation
import WinitCore
import WinitFiles

extension FuzzTarget {
  /// Whatever an index says, only files beside it are opened, and each of its tensors is where it says.
  static let index = FuzzTarget("index") { bytes in
    let folder = try Shards.folder.get()
    let path = folder + "/x.json"
    try Shards.write(bytes, to: path)
    let entries: [Checkpoint.Entry]
    do { entries = try Checkpoint(path).entries } catch let error as FormatError {
      return .refused(error.problem)
    } catch let error as FileError {
      try expect(folderPrefix(of: error.path) == folder + "/", "\(error.path) is opened")
      return .refused("a file is not there")
    }
    for entry in entries {
      let file = TensorName(String(entry.file.path.dropFirst(folder.count + 1)))
      try expect(
        Shards.files.contains { $0.name == file && $0.tensors.contains(entry.name) },
        "`\(entry.name)` is not in `\(file)`")
    }
    try expect(Set(entries.map(\.name)).count == entries.count, "a name stands twice")
    return .accepted
  }
}

/// A few files, of which two hold one tensor and two have names that are canonically equivalent.
private enum Shards {
  static let files: [(name: TensorName, tensors: [TensorName])] = [
    ("a", ["w", "b"]), ("b", ["v", "b"]), ("\u{E9}", ["\u{E9}", "e\u{301}"]), ("e\u{301}", ["x"]),
  ]

  /// A folder of this process alone: the index is written over and over.
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
    guard let file = fopen(path, "w") else { throw Broken(description: "cannot write \(path)") }
    defer { fclose(file) }
    guard fwrite(bytes, 1, bytes.count, file) == bytes.count else {
      throw Broken(description: "cannot write \(path)")
    }
  }

  private static func remove() {
    guard let folder = try? folder.get() else { return }
    try? FileManager.default.removeItem(atPath: folder)
  }
}
