// Creates in git checkouts: the commit and the changes that are recorded, compared with git.

import Foundation
import Testing
import WinitJSON
import WinitTestSupport

/// A folder with a git checkout, whose index is newer than its files.
private struct Checkout {
  let place: Workplace

  init(_ initOptions: String = "") throws {
    place = try Workplace()
    try place.folder.write("t.yaml", tinySpec)
    try git(
      """
      git init -q -b main \(initOptions) .
      mkdir -p d/e; echo one > a; echo two > d/e/f; echo three > b; ln -s a link; git add a b d link t.yaml
      git commit -qm first
      """)
    try settle()
  }

  /// Runs a script and returns what it prints.
  @discardableResult
  func git(_ script: String) throws -> String {
    // The settings of the user and of the system do not count.
    let outcome = try place.shell(
      "unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE; export HOME=\"$PWD/home\"; set -e\n" + script,
      environment: [
        "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@b",
      ])
    try #require(outcome.status == 0, "\(script): \(outcome.errors)")
    return outcome.output.trimmingCharacters(in: .newlines)
  }

  /// Makes the index newer than every file, as it is some milliseconds after each command of git.
  func settle() throws { try git("sleep 0.03; git update-index -q --refresh || true; touch .git/index") }

  /// Creates a run and returns `commit` and `dirty` of its record.
  func record(_ environment: [String: String] = [:]) throws -> (commit: String?, dirty: String?, git: JSONValue?) {
    let outcome = try place.run("create t --spec t.yaml --seed 1 --json", environment: environment)
    try #require(outcome.status == 0, "\(outcome.errors)")
    let git = try JSONValue(parsing: outcome.output)["git"]
    return (git?["commit"]?.stringValue, git?["dirty"]?.canonical, git)
  }
}

@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/git"), "needs git"))
struct GitTests {
  /// Scripts that change a checkout, and the right answers.
  static let changes: [(script: String, dirty: String)] = [
    ("true", "false"),
    ("echo x > untracked", "false"),
    ("echo more >> a", "true"),
    ("echo ONE > a", "null"),
    ("touch -d 2001-01-01 a", "null"),
    ("rm d/e/f", "true"),
    ("rm link; ln -s b link", "null"),
    ("rm b; mkdir b", "true"),
    ("rm b; ln -s a b", "true"),
    ("mv d elsewhere; ln -s elsewhere d", "true"),
    ("chmod +x a", "true"),
    ("git config core.fileMode false; chmod +x a", "null"),
    ("echo ONE > a; git add a", "true"),
    ("git rm -q --cached b", "true"),
    ("echo x > c; git add -N c", "true"),
    ("rm .git/index", "true"),
    (
      "git checkout -q -b x; echo x > a; git commit -qam x; git checkout -q main; echo y > a; git commit -qam y;"
        + " git merge -q x || true", "true"
    ),
  ]

  @Test(arguments: changes)
  func `the commit is that of git, and dirty is null where the bytes of a file decide it`(
    script: String, dirty: String
  ) throws {
    let checkout = try Checkout()
    try checkout.git(script)
    let found = try checkout.record()
    #expect(try found.commit == checkout.git("git rev-parse HEAD"))
    #expect(found.dirty == dirty)
    // An answer that is not null is the answer of git.
    let isDirty = try !checkout.git("git --no-optional-locks status --porcelain --untracked-files=no").isEmpty
    #expect(dirty == "null" || dirty == "\(isDirty)")
  }

  @Test(arguments: [
    "git gc -q --aggressive --prune=now", "git pack-refs --all", "git checkout -q --detach",
    "git update-index --index-version 4", "git update-index --split-index", "git update-index --untracked-cache",
    "git sparse-checkout set --cone --sparse-index d", "git init -q --separate-git-dir ../elsewhere-$$",
    "ln -sf refs/heads/main .git/HEAD",
    "git symbolic-ref refs/heads/x refs/heads/main; git symbolic-ref HEAD refs/heads/x",
  ])
  func `every layout of a checkout is read`(script: String) throws {
    let checkout = try Checkout()
    try checkout.git("for i in 1 2 3 4; do git commit -q --allow-empty -m \"a message $i\"; done; " + script)
    try checkout.git("sleep 0.03; touch \"$(git rev-parse --git-path index)\"")
    let clean = try checkout.record()
    #expect(try clean.commit == checkout.git("git rev-parse HEAD") && clean.dirty == "false")
    try checkout.git("echo more >> a; git add a")
    #expect(try checkout.record().dirty == "true")
  }

  @Test func `a SHA-256 repository, a worktree and a submodule have their own commits`() throws {
    let other = try Checkout("--object-format=sha256")
    #expect(try other.record().commit == other.git("git rev-parse HEAD"))
    #expect(try other.record().commit?.utf8.count == 64)
    let checkout = try Checkout()
    try checkout.git("git worktree add -q -b topic tree; cd tree; git commit -q --allow-empty -m topic")
    let source = try Checkout()
    try source.git("echo more >> a; git commit -qam second")
    try checkout.git(
      "git -c protocol.file.allow=always submodule --quiet add '\(source.place.folder.url.path)' sub; git commit -qm sub"
    )
    for folder in ["tree", "sub"] {
      let outcome = try checkout.place.shell(
        "cd \(folder); winit-registry create t --spec ../t.yaml --seed 1 --json --registry ../new.sqlite")
      let commit = try JSONValue(parsing: outcome.output)["git"]?["commit"]?.stringValue
      #expect(try commit == checkout.git("cd \(folder); git rev-parse HEAD"))
    }
    // The commit in the submodule is not the one that the index of the checkout has.
    try checkout.git("cd sub; git commit -q --allow-empty -m x")
    #expect(try checkout.record().dirty == "true")
  }

  @Test func `create runs no program that the checkout names, and changes nothing in it`() throws {
    let checkout = try Checkout()
    try checkout.git(
      """
      printf '#!/bin/sh\\necho "$0 $*" >> "%s/ran"\\n' "$PWD" > trap; chmod +x trap; cp trap git; cp trap env
      for key in core.fsmonitor diff.external filter.t.clean filter.t.process alias.status core.pager; do
        git config $key "$PWD/trap"
      done
      git config core.hooksPath "$PWD/hooks"; mkdir hooks
      for hook in post-index-change fsmonitor-watchman pre-commit; do cp trap hooks/$hook; done
      git config extensions.partialClone origin; git config remote.origin.promisor true
      git config remote.origin.url "ext::$PWD/trap"; git config protocol.ext.allow always
      echo '* filter=t' > .git/info/attributes
      touch -d 2001-01-01 a
      """)
    let before = try checkout.git("find .git -type f | sort | xargs sha256sum")
    let path = ".:" + checkout.place.folder.url.path + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "")
    let found = try checkout.record(["PATH": path])
    #expect(!checkout.place.folder.exists("ran"))
    #expect(found.commit?.utf8.count == 40 && found.dirty == "null")
    #expect(try checkout.git("find .git -type f | sort | xargs sha256sum") == before)
  }

  @Test func `variables of git do not change what is recorded`() throws {
    let checkout = try Checkout()
    let other = try Checkout()
    try other.git("git commit -q --allow-empty -m other")
    let folder = other.place.folder.url.path
    let found = try checkout.record([
      "GIT_DIR": folder + "/.git", "GIT_WORK_TREE": folder, "GIT_INDEX_FILE": "nothing",
      "GIT_OBJECT_DIRECTORY": "nothing", "GIT_TRACE": checkout.place.folder.path("ran"),
    ])
    #expect(try found.commit == checkout.git("git rev-parse HEAD") && found.dirty == "false")
    #expect(!checkout.place.folder.exists("ran"))
  }

  @Test(arguments: [
    "git checkout -q --orphan new", "rm .git/HEAD; mkfifo .git/HEAD",
    "rm .git/refs/heads/main; mkfifo .git/packed-refs",
    "rm .git/refs/heads/main; truncate -s 1T .git/packed-refs", "ln -sf /dev/zero .git/HEAD",
    "echo 'ref: refs/heads/.invalid' > .git/HEAD", "echo 'ref: refs/../../t.yaml' > .git/HEAD",
    "echo 'ref: refs/heads/main' > .git/refs/heads/main", "rm -rf .git; echo 'gitdir: /nowhere' > .git",
  ])
  func `a commit that cannot be read is reported in the record, in the receipt and on standard error`(
    script: String
  ) throws {
    let checkout = try Checkout()
    try checkout.git(script)
    let start = ContinuousClock.now
    let outcome = try checkout.place.run("create t --spec t.yaml --seed 1 --json")
    // Reading stops after 5 seconds; the rest is for machines under load.
    #expect(outcome.status == 0 && ContinuousClock.now - start < .seconds(30))
    let receipt = try JSONValue(parsing: outcome.output)
    #expect(receipt["git"]?["commit"]?.canonical == "null" && receipt["git"]?["dirty"]?.canonical == "null")
    let problem = try #require(receipt["git"]?["problem"]?.stringValue)
    #expect(receipt["warnings"]?.arrayValue?.contains { $0.stringValue?.hasSuffix(problem) == true } == true)
    #expect(outcome.errors.isEmpty)
    let again = try checkout.place.succeed("create t --spec t.yaml --seed 1")
    #expect(again.errors == "warning: the git commit is not recorded: \(problem)\n")
    #expect(try checkout.place.succeed("show t").output.contains("not recorded: \(problem)"))
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func `a signal ends a create that waits for a checkout which takes long to read, and no run is left`(
    signal: Int32
  ) throws {
    let checkout = try Checkout()
    // Refs that take seconds, as large as they may be.
    try checkout.git("rm .git/refs/heads/main; head -c 256M /dev/zero | tr '\\0' '\\n' > .git/packed-refs")
    let words = ["create", "t", "--spec", "t.yaml", "--seed", "1"]
    let whole = try Command.run(words, in: checkout.place.folder)
    #expect(whole.status == 0)
    try FileManager.default.removeItem(atPath: checkout.place.folder.path("winit.sqlite"))
    let child = try Command.start(words, in: checkout.place.folder)
    // The registry is there just before the wait.
    let deadline = ContinuousClock.now + .seconds(60)
    while !checkout.place.folder.exists("winit.sqlite"), !child.hasEnded, ContinuousClock.now < deadline {
      usleep(1000)
    }
    usleep(200_000)
    child.send(signal)
    let stopped = child.wait()
    #expect(stopped.status == 130 && stopped.processorTime < whole.processorTime / 2)
    #expect(!(try checkout.place.run("list").output.contains("t:v1")))
  }

  @Test(arguments: ["index", "objects/info/alternates", "config"])
  func `a pipe in place of a file of git does not delay a create, and the commit is recorded`(name: String) throws {
    let checkout = try Checkout()
    let commit = try checkout.git("git rev-parse HEAD; rm -f .git/\(name); mkfifo .git/\(name)")
    let start = ContinuousClock.now
    #expect(try checkout.record().commit == commit)
    #expect(ContinuousClock.now - start < .seconds(30))
  }

  @Test func `outside a checkout, and without the environment, git is null and nothing is reported`() throws {
    let place = try Workplace()
    try place.folder.write("t.yaml", tinySpec)
    let outcome = try place.run("create t --spec t.yaml --seed 1 --json")
    #expect(try JSONValue(parsing: outcome.output)["git"]?.canonical == "null" && outcome.errors.isEmpty)
    let checkout = try Checkout()
    #expect(try checkout.place.json("create t --spec t.yaml --seed 1 --no-capture")["git"]?.canonical == "null")
  }

  @Test func `show prints the changes, and graft and import record the commit too`() throws {
    let checkout = try Checkout()
    try checkout.place.succeed("create t --spec t.yaml --seed 1")
    try checkout.place.succeed("create u --spec t.yaml --seed 2")
    try checkout.place.succeed("get t -o t.safetensors")
    let commit = try checkout.git("git rev-parse HEAD")
    #expect(try checkout.place.json("graft t u --take w --as g")["git"]?["commit"]?.stringValue == commit)
    #expect(try checkout.place.json("import t.safetensors --as i")["git"]?["commit"]?.stringValue == commit)
    for (script, text) in [
      ("true", commit + "\n"), ("touch -d 2001-01-01 a", commit + ", perhaps with uncommitted changes\n"),
      ("echo more >> a", commit + ", with uncommitted changes\n"),
    ] {
      try checkout.git(script)
      try checkout.place.succeed("create t --spec t.yaml --seed 1")
      #expect(try checkout.place.succeed("show t").output.contains(text))
    }
  }
}
