// Who can use a registry: its owner, or all members of a group. The permissions of the file and its folder follow.

import Foundation
import WinitFiles

/// The users who can read and write a registry file.
///
/// SQLite gives the journal the mode of the registry, whatever the umask is, and for root its owner and group too
/// (`findCreateFileMode` in SQLite's os_unix.c). The group of a journal that another user creates is that of the folder
/// if the folder has the set-group-ID bit, and otherwise the primary group of that user, whose journal the others could
/// not use. A registry that a group shares therefore needs such a folder.
package enum RegistryUsers: String, Sendable, CaseIterable {
  /// The user who creates the file.
  case owner
  /// The members of the group of the folder.
  case group

  /// The mode of the file.
  var mode: mode_t { self == .owner ? 0o600 : 0o660 }

  /// Checks that the members of the group of a folder can create files in it, which then belong to the group.
  ///
  /// - Throws: `StoreError.folderNotShared`.
  func check(folderOf path: String) throws {
    guard self == .group else { return }
    let folder = folderPrefix(of: path).isEmpty ? "." : folderPrefix(of: path)
    guard let owner = FileOwner(folder) else { return }
    func refuse(_ why: String) -> StoreError {
      .folderNotShared(path: path, why: "its folder \(folder) belongs to \(owner). \(why)")
    }
    #if canImport(Darwin)
      let (bits, letters) = (mode_t(0o070), "rwx")  // A new file always gets the group of its folder.
    #else
      let (bits, letters) = (mode_t(0o2070), "rwxs")
    #endif
    guard owner.mode & bits == bits else {
      throw refuse(
        "The members of its group must be able to create files in it, and the files must get its group: `chgrp GROUP \(shellWord(folder))` with their group, then `chmod g+\(letters) \(shellWord(folder))`"
      )
    }
    // In such a folder, Linux can refuse to open the journal of another user (the sysctl fs.protected_regular).
    guard owner.mode & 0o1000 == 0 else {
      throw refuse(
        "In a folder with the sticky bit, a user may not write the journal of another user: `chmod -t \(shellWord(folder))`"
      )
    }
  }

  /// Checks that the group of a registry that exists shares it.
  ///
  /// - Throws: `StoreError.notShared`.
  func check(file path: String) throws {
    guard self == .group, let owner = FileOwner(path), owner.mode & 0o060 != 0o060 else { return }
    throw StoreError.notShared(
      path: path,
      why:
        "it belongs to \(owner). Its owner can share it: `chmod g+rw \(shellWord(path))`, also for \(path)-journal, in a folder whose group has the permissions rwxs"
    )
  }
}

extension StoreError {
  /// The error of a file that cannot be found because of an error of the system, such as a folder that the user may not
  /// search.
  static func unreachable(_ path: String, _ code: Int32) -> StoreError {
    let missing = code == EACCES ? MissingPermission.ofSearch(path) : nil
    return .cannotReach(path: path, why: missing?.description ?? String(cString: strerror(code)))
  }
}
