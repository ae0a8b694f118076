// The option that says who can use a new registry.

import ArgumentParser
import WinitRegistry

/// The users of a new registry.
struct SharingOption: ParsableArguments {
  /// Who can read and write the registry file.
  enum Users: String, ExpressibleByArgument, CaseIterable {
    case user, group
  }

  @Option(
    help: ArgumentHelp(
      """
      Who can read and write a new registry: `user` for its owner alone (mode 0600), `group` for the members of the group \
      of its folder (mode 0660, whatever the umask is). `group` needs a folder whose group can create files in it and \
      passes on its group: `chgrp GROUP FOLDER && chmod g+rwxs FOLDER`. A registry that exists is not changed, and is \
      refused if `group` is given and its group does not share it.
      """, valueName: "users"))
  var shared = Users.user

  /// Whether the members of a group share the registry.
  var isShared: Bool { shared == .group }
}
