// The reader of a folder with the shards of a torch distributed checkpoint, and of files of other formats.

import Foundation
import WinitCore
import WinitFiles

extension FuzzTarget {
  /// The input is one of two files of a folder. Every byte of each tensor can be read, at any boundary of elements.
  static let shards = FuzzTarget("shards") { bytes in
    let folder = try ShardFolder.path.get()
    try ShardFolder.write(bytes, to: folder + "/x.safetensors")
    var entries: [Checkpoint.Entry] = []
    var verdict = Verdict.accepted
    for (path, shards) in [(folder, Checkpoint.IncompleteShards.refused), (folder + "/x.safetensors", .kept)] {
      do { entries = try Checkpoint(path, incompleteShards: shards).entries } catch let error as FormatError {
        verdict = .refused(error.problem)
        continue
      }
      for entry in entries {
        let size = entry.shape.byteCount(entry.dtype)
        guard size <= 1 << 16 else { continue }
        let whole = try entry.bytes.bytes(at: 0, count: size)
        let middle = entry.shape.elementCount / 2 * entry.dtype.bitCount / 8
        guard entry.dtype.hasWholeBytes else { continue }
        let parts =
          try entry.bytes.bytes(at: 0, count: middle) + entry.bytes.bytes(at: middle, count: size - middle)
        try expect(whole == parts, "the halves of `\(entry.name)` are not its bytes")
      }
    }
    return verdict
  }
}

/// A folder that only this process uses, with the shard of one rank. Every input overwrites the other file.
private enum ShardFolder {
  static let path: Result<String, any Error> = Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "winit-fuzz-shards-\(getpid())").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let layout = SafetensorsLayout(
      [("row", .uint8, try Shape([2, 2])), ("column", .uint8, try Shape([2, 2]))],
      metadata: [
        ("DCP_SHARDING_INFO", #"{"row": {"saved_offsets": [3, 0]}, "column": {"saved_offsets": [0, 3]}}"#)
      ])
    try write(layout.header + [8, 9, 3, 4, 8, 9, 6, 7], to: folder + "/y.safetensors")
    atexit { ShardFolder.remove() }
    return folder
  }

  static func write(_ bytes: [UInt8], to path: String) throws {
    guard (try? Data(bytes).write(to: URL(filePath: path))) != nil else {
      throw BrokenProperty(description: "cannot write \(path)")
    }
  }

  private static func remove() {
    guard let folder = try? path.get() else { return }
    try? FileManager.default.removeItem(atPath: folder)
  }
}
