// The new registry of a salvage: a temporary file beside the damaged one, or a registry in memory.

import Foundation
import GRDB

extension Store {
  /// Creates the registry into which a damaged file is salvaged, with the permissions of that file.
  ///
  /// - Parameters:
  ///   - temporary: the path, at which there is no file yet.
  ///   - path: the damaged file.
  package static func creating(_ temporary: String, like path: String) throws -> Store {
    let store = try openOrCreate(temporary)
    var status = stat()
    if stat(path, &status) == 0 {
      // The owner can only be kept by the system's administrator, and by the owner.
      _ = chown(temporary, status.st_uid, status.st_gid)
      guard chmod(temporary, status.st_mode & 0o777) == 0 else {
        throw StoreError.cannotMake(path: temporary, why: String(cString: strerror(errno)))
      }
    }
    return store
  }
}
