// The owner, the group and the mode of a file.

package import Foundation

/// The owner, the group and the mode of a file, for messages.
package struct FileOwner: CustomStringConvertible {
  package let user: uid_t
  package let group: gid_t
  package let mode: mode_t

  /// Returns nil if the file does not exist or cannot be reached.
  package init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    (user, group, mode) = (status.st_uid, status.st_gid, status.st_mode & 0o7777)
  }

  /// Gives another file this owner, group and mode, as far as the user of this process may: only root can change the
  /// owner, and others keep a group that they are members of.
  package func apply(to path: String) {
    if chown(path, user, group) != 0 { _ = chown(path, uid_t.max, group) }
    // After `chown`, which clears bits of the mode.
    _ = chmod(path, mode)
  }

  /// `user alice and group ml (mode 0640)`
  package var description: String {
    let digits = String(mode, radix: 8)
    let padding = String(repeating: "0", count: max(0, 4 - digits.count))
    return "\(Self.userName(user)) and \(Self.groupName(group)) (mode \(padding)\(digits))"
  }

  /// Returns `user alice`, or `user 1000` for a user without a name.
  package static func userName(_ user: uid_t) -> String {
    "user \(getpwuid(user).map { String(cString: $0.pointee.pw_name) } ?? String(user))"
  }

  /// Returns `group ml`, or `group 1000` for a group without a name.
  package static func groupName(_ group: gid_t) -> String {
    "group \(getgrgid(group).map { String(cString: $0.pointee.gr_name) } ?? String(group))"
  }

  /// Returns whether the effective user of this process is a member of a group.
  package static func isMember(of group: gid_t) -> Bool {
    if getegid() == group { return true }
    var groups = [gid_t](repeating: 0, count: Int(max(0, getgroups(0, nil))))
    let count = getgroups(Int32(groups.count), &groups)
    return groups.prefix(Int(max(0, count))).contains(group)
  }
}
