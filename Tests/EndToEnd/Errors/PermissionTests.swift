// Registries, journals and folders that another user owns, and registries that a group shares.

import Foundation
import Testing
import WinitTestSupport

/// Users that a test can become. They need no entry in the system's list of users.
private enum Users {
  static let alice: uid_t = 61_001
  static let bob: uid_t = 61_002
  /// The group that both are members of. Each also has a group of the same number as the user.
  static let group: gid_t = 61_100

  /// Whether this process may become another user, who can then run the command.
  static let canSwitch: Bool = {
    guard geteuid() == 0, let place = try? UserPlace() else { return false }
    return (try? place.run(as: bob, "version").status) == 0
  }()

  static let condition: Comment = "needs root, setpriv, and a build that other users may run"
}

/// A folder in which several users run the command.
private struct UserPlace {
  let place: Workplace
  var folder: TemporaryFolder { place.folder }

  init() throws {
    place = try Workplace()
    try place.folder.write("t.yaml", tinySpec)
    chmod(place.folder.url.path, 0o755)
    chmod(place.folder.path("t.yaml"), 0o644)
  }

  /// Runs the command as a user, with a umask.
  ///
  /// - Parameter isMember: whether the user is a member of the shared group.
  func run(as user: uid_t, isMember: Bool = true, umask: String = "077", _ words: String) throws -> Outcome {
    let groups = isMember ? "\(Users.group),\(user)" : "\(user)"
    let script = "umask \(umask); exec setpriv --reuid=\(user) --regid=\(user) --groups=\(groups) \"$0\" \(words)"
    return try ChildProcess(
      "/bin/sh", ["-c", script, Command.path], in: folder.url.path,
      environment: ["WINIT_REGISTRY": "", "HOME": "/nonexistent", "LOGNAME": "", "USER": ""]
    ).wait()
  }

  /// Makes a folder with an owner, a group and a mode.
  func makeFolder(_ name: String, _ owner: uid_t, _ group: gid_t, _ mode: mode_t) throws {
    try FileManager.default.createDirectory(atPath: folder.path(name), withIntermediateDirectories: false)
    set(name, owner, group, mode)
  }

  /// Sets owner, group and mode of a file. `chown` clears the set-group-ID bit, so the mode is set last.
  func set(_ name: String, _ owner: uid_t, _ group: gid_t, _ mode: mode_t) {
    #expect(chown(folder.path(name), owner, group) == 0 && chmod(folder.path(name), mode) == 0)
  }

  /// Returns owner, group and mode of a file, as `61001 61100 660`.
  func status(_ name: String) -> String {
    var status = stat()
    guard stat(folder.path(name), &status) == 0 else { return "none" }
    return "\(status.st_uid) \(status.st_gid) \(String(status.st_mode & 0o7777, radix: 8))"
  }
}

@Suite struct PermissionTests {
  /// What belongs to root, with which mode, and what the error says about whom.
  private struct Denial: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// The modes of the folder, the registry and the journal; nil for no journal.
    let folder: mode_t, registry: mode_t, journal: mode_t?
    let words: String
    /// What the message says is denied, and the mode that it names.
    let subject: String, mode: String
  }

  private static let denials = [
    Denial(
      testDescription: "the registry cannot be read", folder: 0o755, registry: 0o600, journal: 0o600, words: "list",
      subject: "the registry belongs to", mode: "0600"),
    Denial(
      testDescription: "the registry cannot be written", folder: 0o755, registry: 0o644, journal: 0o666,
      words: "note t x", subject: "the registry belongs to", mode: "0644"),
    Denial(
      testDescription: "the journal cannot be read", folder: 0o755, registry: 0o666, journal: 0o600, words: "note t x",
      subject: "its journal d/r-journal belongs to", mode: "0600"),
    Denial(
      testDescription: "the journal cannot be written", folder: 0o755, registry: 0o666, journal: 0o644,
      words: "note t x", subject: "its journal d/r-journal belongs to", mode: "0644"),
    Denial(
      testDescription: "the journal cannot be created", folder: 0o755, registry: 0o666, journal: nil,
      words: "note t x", subject: "its folder d/ belongs to", mode: "0755"),
    Denial(
      testDescription: "the folder cannot be searched", folder: 0o700, registry: 0o666, journal: 0o666, words: "list",
      subject: "its folder d/ belongs to", mode: "0700"),
  ]

  @Test(.enabled(if: Users.canSwitch, Users.condition), arguments: denials)
  private func `a missing permission says on what, whose it is, and who lacks it`(denial: Denial) throws {
    let place = try UserPlace()
    try place.makeFolder("d", 0, 0, 0o755)
    try place.place.succeed("create t --spec t.yaml --seed 1 --registry d/r")
    place.set("d/r", 0, 0, denial.registry)
    if let journal = denial.journal {
      place.set("d/r-journal", 0, 0, journal)
    } else {
      unlink(place.folder.path("d/r-journal"))
    }
    place.set("d", 0, 0, denial.folder)
    let outcome = try place.run(as: Users.bob, "\(denial.words) --registry d/r")
    #expect(outcome.status == 74, "\(outcome.errors)")
    for text in [denial.subject, "user root and group root (mode \(denial.mode))", "user 61002 may not", "chmod "] {
      #expect(outcome.errors.contains(text), "\(outcome.errors)")
    }
    #expect(!outcome.errors.contains("read-only") && !outcome.errors.contains("no registry"), "\(outcome.errors)")
  }

  @Test(.enabled(if: Users.canSwitch, Users.condition))
  func `a missing permission on another file or folder says whose it is too`() throws {
    let place = try UserPlace()
    try place.makeFolder("d", 0, 0, 0o755)
    try place.place.succeed("create t --spec t.yaml --seed 1 --registry d/r")
    place.set("d/r", 0, 0, 0o644)
    place.set("t.yaml", 0, 0, 0o600)
    for (words, subject) in [
      ("create t --spec t.yaml --seed 1 --registry new", "the file belongs to user root and group root (mode 0600)"),
      ("get t --registry d/r -o d/out.safetensors", "its folder d/ belongs to user root and group root (mode 0755)"),
      ("import t.yaml --as x --registry new", "the file belongs to user root and group root (mode 0600)"),
    ] {
      let outcome = try place.run(as: Users.bob, words)
      #expect(outcome.status == 74 && outcome.errors.contains(subject), "\(words): \(outcome.errors)")
    }
    place.set("t.yaml", 0, 0, 0o644)
    let created = try place.run(as: Users.bob, "create t --spec t.yaml --seed 1 --registry d/new")
    #expect(created.status == 74 && created.errors.contains("its folder d/ belongs to user root"), "\(created.errors)")
  }

  @Test(.enabled(if: Users.canSwitch, Users.condition))
  func `the remedy of a missing permission depends on the owner, the group and the mode`() throws {
    let place = try UserPlace()
    try place.makeFolder("d", 0, 0, 0o777)
    try place.place.succeed("create t --spec t.yaml --seed 1 --registry d/r")
    unlink(place.folder.path("d/r-journal"))
    for (owner, group, mode, isMember, remedy) in [
      (Users.bob, Users.bob, 0o400, true, "`chmod u+rw d/r` permits it"),
      (
        Users.alice, Users.group, 0o640, true, "Ask user 61001 to permit it to members of group 61100: `chmod g+rw d/r`"
      ),
      (Users.alice, Users.group, 0o664, false, "Members of group 61100 may"),
      (Users.alice, Users.alice, 0o644, true, "Ask user 61001 to share it with a group of yours"),
    ] as [(uid_t, gid_t, mode_t, Bool, String)] {
      place.set("d/r", owner, group, mode)
      let outcome = try place.run(as: Users.bob, isMember: isMember, "note t x --registry d/r")
      #expect(outcome.status == 74 && outcome.errors.contains(remedy), "\(outcome.errors)")
    }
  }

  @Test(.enabled(if: Users.canSwitch, Users.condition))
  func `a registry of create --shared group is usable by every member of the group, with any umask`() throws {
    let place = try UserPlace()
    try place.makeFolder("d", 0, Users.group, 0o2770)
    let create = "create t --spec t.yaml --registry d/r --shared group --seed"
    #expect(try place.run(as: Users.alice, "\(create) 1").status == 0)
    #expect(place.status("d/r") == "61001 61100 660")
    #expect(place.status("d/r-journal") == "61001 61100 660")
    for (user, words) in [
      (Users.bob, "\(create) 2"), (Users.alice, "\(create) 3"), (Users.bob, "note t:v1 x --registry d/r"),
      (Users.alice, "tag t:v2 a=b --registry d/r"), (Users.bob, "verify --all --registry d/r"),
      (Users.alice, "verify --all --registry d/r"), (Users.bob, "strip t:v1 --registry d/r"),
      (Users.alice, "materialize t:v1 --registry d/r"), (Users.bob, "rm t:v2 --registry d/r"),
      (Users.alice, "gc --yes --grace 0d --registry d/r"), (Users.bob, "doctor --repair --registry d/r"),
    ] {
      // Another program can remove the journal (`journal_mode = DELETE`), and then the next user creates it.
      unlink(place.folder.path("d/r-journal"))
      let outcome = try place.run(as: user, words)
      #expect(outcome.status == 0, "\(words): \(outcome.errors)")
      #expect(place.status("d/r") == "61001 61100 660", "\(words)")
      #expect(["none", "\(user) 61100 660"].contains(place.status("d/r-journal")), "\(words)")
    }
    // Root's journal belongs to the owner of the registry, not to root.
    unlink(place.folder.path("d/r-journal"))
    try place.place.succeed("note t:v1 y --registry d/r")
    #expect(place.status("d/r-journal") == "61001 61100 660")
    #expect(try place.run(as: Users.alice, "note t:v1 z --registry d/r").status == 0)
    // The others of the system have no part in it.
    #expect(try place.run(as: Users.bob, isMember: false, "list --registry d/r").status == 74)
    #expect(try place.folder.contents().sorted() == ["d", "t.yaml"])
    #expect(try FileManager.default.contentsOfDirectory(atPath: place.folder.path("d")).sorted() == ["r", "r-journal"])
  }

  @Test(.enabled(if: Users.canSwitch, Users.condition))
  func `a rebuilt registry keeps owner, group and mode, also if another user repairs it`() throws {
    let place = try UserPlace()
    try place.makeFolder("d", 0, Users.group, 0o2770)
    let create = "create t --spec t.yaml --registry d/r --shared group --seed"
    for seed in 1...3 { #expect(try place.run(as: Users.alice, "\(create) \(seed)").status == 0) }
    for user in [Users.bob, 0] {
      // A page of an index, which doctor finds damaged, and rebuilds the file.
      let page = try place.place.shell(
        "sqlite3 d/r \"SELECT rootpage FROM sqlite_schema WHERE name = 'chunks_by_size'\""
      ).output
      let number = try #require(Int(page.trimmingCharacters(in: .whitespacesAndNewlines)))
      try overwrite(
        place.folder.path("d/r"), at: (number - 1) * 16384, with: [UInt8](repeating: 0xFF, count: 16384))
      let before = place.status("d/r")
      let outcome = try place.run(as: user, "doctor --repair --registry d/r")
      #expect(outcome.status == 0 && outcome.output.contains("new file"), "\(outcome.output)\(outcome.errors)")
      // Only root can keep the owner of a file that it replaces.
      #expect(place.status("d/r") == (user == 0 ? before : "\(user) 61100 660"))
      #expect(try place.run(as: Users.alice, "verify --all --registry d/r").status == 0)
      #expect(try place.run(as: Users.bob, "note t x --registry d/r").status == 0)
    }
  }

  @Test(.enabled(if: Users.canSwitch, Users.condition))
  func `import --shared group makes a registry that the group shares`() throws {
    let place = try UserPlace()
    try place.makeFolder("d", 0, Users.group, 0o2770)
    try place.place.succeed("create t --spec t.yaml --seed 1")
    try place.place.succeed("export t -o t.winit")
    try place.place.succeed("get t -o t.safetensors")
    for name in ["t.winit", "t.safetensors"] { chmod(place.folder.path(name), 0o644) }
    for (registry, words) in [("d/a", "import t.winit"), ("d/b", "import t.safetensors --as m")] {
      #expect(try place.run(as: Users.alice, "\(words) --registry \(registry) --shared group").status == 0)
      #expect(place.status(registry) == "61001 61100 660")
      #expect(try place.run(as: Users.bob, "doctor --registry \(registry)").status == 0)
    }
  }

  @Test(
    arguments: [
      (0o755, "chmod g+rwxs"), (0o770, "chmod g+rwxs"), (0o2750, "chmod g+rwxs"), (0o3770, "chmod -t"),
    ] as [(mode_t, String)])
  func `a folder in which a group cannot share a registry is refused with the remedy, and nothing is created`(
    mode: mode_t, remedy: String
  ) throws {
    let place = try UserPlace()
    try place.makeFolder("d", geteuid(), getegid(), mode)
    for path in ["d/r", place.folder.path("d/r")] {
      let outcome = try place.place.run("create t --spec t.yaml --seed 1 --shared group --registry \(path)")
      #expect(outcome.status == 74 && outcome.errors.contains(remedy), "\(outcome.errors)")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: place.folder.path("d")) == [])
  }

  @Test func `--shared group refuses a registry that its group does not share, and accepts one that it shares`() throws
  {
    let place = try UserPlace()
    try place.makeFolder("d", geteuid(), getegid(), 0o2770)
    let create = "create t --spec t.yaml --seed 1 --registry d/r"
    try place.place.succeed(create)
    #expect(place.status("d/r").hasSuffix(" 600") && place.status("d/r-journal").hasSuffix(" 600"))
    let before = try place.folder.bytes("d/r")
    for parent in ["", " --parent t:v1"] {
      let refused = try place.place.run("\(create) --shared group\(parent)")
      #expect(refused.status == 64 && refused.errors.contains("chmod g+rw d/r"), "\(refused.errors)")
    }
    #expect(try place.folder.bytes("d/r") == before)
    // The remedy of the message.
    for name in ["d/r", "d/r-journal"] { chmod(place.folder.path(name), 0o660) }
    try place.place.succeed("\(create) --shared group --parent t:v1")
    try place.place.succeed("\(create) --shared group")
    // A backup and a bundle stay those of their owner.
    try place.place.succeed("backup d/copy --registry d/r")
    try place.place.succeed("export t -o d/t.winit --registry d/r")
    #expect(place.status("d/copy").hasSuffix(" 600") && place.status("d/t.winit").hasSuffix(" 600"))
    // There is no run to be the parent, so no registry is created.
    #expect(
      try place.place.run("create t --spec t.yaml --seed 1 --shared group --parent t --registry d/new").status == 66)
    #expect(!place.folder.exists("d/new"))
  }
}
