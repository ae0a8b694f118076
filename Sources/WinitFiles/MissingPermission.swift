// The permission that a user lacks on a file, a registry, its journal or their folder: the owner, and what to do.

import Foundation

/// A permission on a file or a folder that the user of this process lacks.
package struct MissingPermission: CustomStringConvertible {
  /// What needs the permission.
  enum Subject: String {
    case file, folder, registry, journal
  }

  /// What the user may not do.
  enum Action: String {
    case search = "open files in it"
    case read = "read it"
    case write = "write it"
    case create = "create files in it"
  }

  let subject: Subject
  let path: String
  let action: Action
  /// The system's reason: EACCES, EPERM for an immutable file, or EROFS for a file system that is read-only.
  let reason: Int32

  /// Returns the first permission that a writer of a registry lacks; nil if it has all of them, or if the registry does
  /// not exist.
  package static func ofWriter(registry path: String) -> MissingPermission? {
    if let missing = ofSearch(path) ?? check(.registry, path, .read) { return missing }
    let journal = path + "-journal"
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    let hasJournal = stat(journal, &status) == 0
    if hasJournal, let missing = check(.journal, journal, .read) { return missing }
    if let missing = check(.registry, path, .write) { return missing }
    return hasJournal ? check(.journal, journal, .write) : check(.folder, folder(of: path), .create)
  }

  /// Returns the permission that a reader of a file lacks.
  package static func ofReader(_ path: String) -> MissingPermission? { ofSearch(path) ?? check(.file, path, .read) }

  /// Returns the permission that a new file at a path needs and that the user lacks.
  package static func ofCreator(_ path: String) -> MissingPermission? {
    ofSearch(path) ?? check(.folder, folder(of: path), .create)
  }

  /// Returns the first folder on the way to a path that the user may not search.
  package static func ofSearch(_ path: String) -> MissingPermission? {
    for (index, byte) in path.utf8.enumerated() where byte == UInt8(ascii: "/") {
      let folder = String(decoding: path.utf8.prefix(index + 1), as: UTF8.self)
      if let missing = check(.folder, folder, .search) { return missing }
    }
    return path.hasPrefix("/") ? nil : check(.folder, ".", .search)
  }

  private static func folder(of path: String) -> String {
    let prefix = folderPrefix(of: path)
    return prefix.isEmpty ? "." : prefix
  }

  /// Asks the system, which also knows access-control lists, as the effective user, with whose permissions files are
  /// opened.
  private static func check(_ subject: Subject, _ path: String, _ action: Action) -> MissingPermission? {
    let mode =
      switch action {
      case .search: X_OK
      case .read: R_OK
      case .write: W_OK
      case .create: W_OK | X_OK
      }
    // Old sandboxes of containers refuse the newer system call behind AT_EACCESS, with EPERM.
    let result =
      geteuid() == getuid() && getegid() == getgid()
      ? access(path, mode) : faccessat(AT_FDCWD, path, mode, AT_EACCESS)
    guard result != 0, isAboutPermission(errno) else { return nil }
    return MissingPermission(subject: subject, path: path, action: action, reason: errno)
  }

  /// Returns whether an error number of the system can be that of a missing permission.
  package static func isAboutPermission(_ code: Int32) -> Bool { [EACCES, EPERM, EROFS].contains(code) }

  /// The owner of the file, what the user may not do, and how to correct it.
  package var description: String {
    if reason == EROFS { return "the file system of \(subjectText) is mounted read-only" }
    guard let owner = FileOwner(path) else { return "permission denied on \(subjectText)" }
    if reason == EPERM {
      return "\(subjectText) is immutable, for every user. `chattr -i \(shellWord(path))` permits changes"
    }
    let user = FileOwner.userName(geteuid())
    return
      "permission denied: \(subjectText) belongs to \(owner), and \(user) may not \(action.rawValue). \(remedy(owner))"
  }

  /// The subject with its path, if that is another one than the error names.
  private var subjectText: String {
    switch subject {
    case .file, .registry: "the \(subject.rawValue)"
    case .folder, .journal: "its \(subject.rawValue) \(path)"
    }
  }

  private func remedy(_ owner: FileOwner) -> String {
    let letters = action == .search ? "x" : subject == .folder ? "rwxs" : "rw"
    if owner.user == geteuid() {
      return "`chmod u+\(letters == "rwxs" ? "rwx" : letters) \(shellWord(path))` permits it"
    }
    let bits: mode_t = action == .search ? 0o010 : action == .read ? 0o040 : subject == .folder ? 0o030 : 0o020
    let group = FileOwner.groupName(owner.group)
    let isMember = FileOwner.isMember(of: owner.group)
    if owner.mode & bits == bits, !isMember { return "Members of \(group) may: ask for membership, then log in again" }
    let user = FileOwner.userName(owner.user)
    return isMember
      ? "Ask \(user) to permit it to members of \(group): `chmod g+\(letters) \(shellWord(path))`"
      : "Ask \(user) to share it with a group of yours: `chgrp GROUP \(shellWord(path)) && chmod g+\(letters) \(shellWord(path))`"
  }
}
