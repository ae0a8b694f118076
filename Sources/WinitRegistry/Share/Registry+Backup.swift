// backup: a copy of the whole registry.

import WinitFiles
import WinitStorage

extension Registry {
  /// Writes a copy of the whole registry while other processes write. The copy is consistent, on the disk when the
  /// method returns, and appears whole or not at all.
  ///
  /// - Parameters:
  ///   - path: the path of the copy. The registry itself is never replaced.
  ///   - replacing: whether a file at the path may be replaced.
  ///   - progress: called with the bytes that were copied and the size of the registry.
  /// - Returns: the size of the copy, in bytes.
  /// - Throws: `RegistryError` with the code `fileExists`, `fileNotFound` if the folder does not exist, or `io`.
  @discardableResult
  public func backup(to path: String, replacing: Bool = false, progress: ProgressHandler? = nil) throws -> Int {
    try translatingErrors {
      let output = try OutputDatabase(path, replacing: replacing, protected: self.path)
      let size = try store.spaceUse().file
      var rest = size
      try namingFullDisk(path, needed: rest) {
        try naming(path, inPlaceOf: output.temporary) {
          try store.copy(to: output.temporary) { done, total in
            rest = max(0, size - done)
            try progress?(done, total)
          }
        }
      }
      return try output.commit()
    }
  }
}
