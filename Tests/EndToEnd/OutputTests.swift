// Outputs that cannot be written, or that a killed command left.

import Foundation
import Testing
import WinitJSON
import WinitTestSupport

@Suite struct OutputTests {
  /// A place with the run `m` of 4 MiB, and `s`, which has 2 small tensors.
  private func place() throws -> Workplace {
    let place = try Workplace()
    try place.folder.write("m.yaml", "tensors: {w: [1024, 1024]}\nrules: [{match: w, init: normal}]")
    try place.folder.write("s.yaml", tinySpec)
    try place.succeed("create m --spec m.yaml --seed 1")
    try place.succeed("create s --spec s.yaml --seed 1")
    return place
  }

  private func temporaries(_ place: Workplace) throws -> [String] {
    try place.folder.contents().filter { $0.hasSuffix(".tmp") }
  }

  // MARK: Standard output

  @Test(arguments: ["| head -c 10 > /dev/null", "| true", "| { exec <&-; sleep 0.2; }"])
  func `weights that a reader does not take whole are an error, with one message`(reader: String) throws {
    let place = try place()
    let outcome = try place.shell("{ winit-registry get m -o -; echo $? > status; } \(reader); cat status")
    #expect(outcome.output == "74\n")
    #expect(outcome.errors.split(separator: "\n").count == 1 && outcome.errors.hasPrefix("error: "), "\(outcome)")
  }

  @Test func `the text of a list that a reader does not take whole is no error`() throws {
    let place = try place()
    let outcome = try place.shell("{ winit-registry list; echo $? > status; } | true; cat status")
    #expect(outcome.output == "0\n" && outcome.errors.isEmpty)
  }

  @Test func `a closed standard output is an error, and no file takes its place`() throws {
    let place = try place()
    for words in ["get m -o -", "list", "show m --json"] {
      let outcome = try place.shell("winit-registry \(words) >&-")
      let prefix = words.hasSuffix("--json") ? #"{"error":""# : "error: "
      #expect(outcome.status == 74 && outcome.errors.hasPrefix(prefix + "cannot write standard output"), "\(outcome)")
      #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome)")
    }
    // Each of the next files would get the number of a closed descriptor.
    #expect(try place.shell("winit-registry get m -o a.safetensors <&- >&- 2>&-").status == 74)
    try place.succeed("get m -o b.safetensors")
    #expect(try place.folder.bytes("a.safetensors") == place.folder.bytes("b.safetensors"))
    _ = try place.shell("winit-registry create k --spec s.yaml --seed 2 <&- >&- 2>&-")
    try place.succeed("doctor --full")
    try place.succeed("verify --all")
  }

  @Test func `a program that asks for the progress reads it as lines of JSON, and the error after it`() throws {
    let place = try place()
    let asked = ["WINIT_PROGRESS": "json"]
    let create = try place.run("create m --spec m.yaml --seed 2 --json", environment: asked)
    let lines = try create.errors.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
    let done = lines.map { $0["done"]?.integerValue ?? -1 }
    #expect(create.status == 0 && !done.isEmpty && done == done.sorted() && done.last == 4 << 20, "\(create)")
    #expect(lines.allSatisfy { $0["total"]?.integerValue == 4 << 20 })
    let error = try place.run("verify m --against nowhere.safetensors --json", environment: asked)
    let last = error.errors.split(separator: "\n").last
    #expect(error.status == 66 && last?.hasPrefix(#"{"error":"#) == true, "\(error)")
    for (words, environment) in [("create m --spec m.yaml --seed 3 --json", [:]), ("get m -o m.npy", asked)] {
      #expect(try !place.run(words, environment: environment).errors.contains("done"))
    }
  }

  // MARK: Leftovers

  @Test func `the next command at a place removes what a killed command left there, and nothing else`() throws {
    let place = try place()
    // What the program names its temporary files and folders, without an owner.
    try place.folder.write(".out.safetensors.0123abcd.winit.tmp", "left")
    let folder = place.folder.url.appending(path: ".b.winit.0123abcd.winit.tmp")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    try place.folder.write(".b.winit.0123abcd.winit.tmp/database", "left")
    let others = [
      ".out.safetensors.0123abcg.winit.tmp", ".out.safetensors.0123abcd.tmp", ".other.0123abcd.winit.tmp",
      "out.safetensors.0123abcd.winit.tmp", ".out.safetensors.winit.tmp",
    ]
    for name in others { try place.folder.write(name, "mine") }
    try place.succeed("get s -o out.safetensors")
    try place.succeed("export s -o b.winit")
    #expect(try temporaries(place) == others.sorted())
  }

  @Test func `a link in place of a leftover is not followed`() throws {
    let place = try place()
    try place.folder.write("precious", "keep me")
    try FileManager.default.createSymbolicLink(
      atPath: place.folder.path(".out.safetensors.0123abcd.winit.tmp"), withDestinationPath: "precious")
    try place.succeed("get s -o out.safetensors")
    #expect(try place.folder.bytes("precious") == Array("keep me".utf8))
  }

  @Test func `a temporary file that another process has locked stays`() throws {
    let place = try place()
    let name = ".out.safetensors.0123abcd.winit.tmp"
    try place.folder.write(name, "in use")
    let descriptor = open(place.folder.path(name), O_RDONLY)
    defer { close(descriptor) }
    #expect(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
    try place.succeed("get s -o out.safetensors")
    #expect(try temporaries(place) == [name])
    flock(descriptor, LOCK_UN)
    try place.succeed("get s -o out.safetensors --force")
    #expect(try temporaries(place) == [])
  }

  @Test func `a killed get leaves nothing once the next one has ended, whatever it writes`() throws {
    let place = try Workplace()
    // 64 MiB, so that the kill comes before the end.
    try place.folder.write("l.yaml", "tensors: {a: [4096, 2048], b: [4096, 2048]}\nrules: [{match: '*', init: normal}]")
    try place.succeed("create l --spec l.yaml --seed 1 --recipe-only")
    for words in ["get l -o x.safetensors", "get l -o x.npz", "get l -o x/", "backup x.sqlite", "export l -o x.winit"] {
      for delay in [0, 20000, 60000] as [UInt32] {
        let child = try Command.start(words.split(separator: " ").map(String.init), in: place.folder)
        usleep(delay)
        child.send(SIGKILL)
        _ = child.wait()
      }
      _ = try place.run(words)
      #expect(try temporaries(place) == [], "\(words)")
      for name in try place.folder.contents() where name.hasPrefix("x") {
        try FileManager.default.removeItem(atPath: place.folder.path(name))
      }
    }
  }

  @Test func `the current folder and a folder above are refused as an output, with what to do`() throws {
    let place = try place()
    try FileManager.default.createDirectory(
      atPath: place.folder.path("empty"), withIntermediateDirectories: false)
    for path in ["./", ".", "../", "../empty/.", "../empty/../empty/./"] {
      let outcome = try place.shell("cd empty && winit-registry get s --registry ../winit.sqlite -o \(path)")
      #expect(outcome.status == 74, "\(outcome)")
      if path.hasSuffix("/") { #expect(outcome.errors.contains("Name a new folder"), "\(path): \(outcome.errors)") }
    }
    try place.succeed("get s -o empty/")
    #expect(try place.folder.contents().contains("empty"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: place.folder.path("empty")) == ["model.safetensors"])
  }

  // MARK: Full disks

  #if os(Linux)
    /// Runs a script in a folder `disk` of its own 3 MB, which holds a copy of the registry's folder's specs. Returns nil
    /// where this process may not mount.
    private func onSmallDisk(_ place: Workplace, _ script: String) throws -> Outcome? {
      try place.folder.write("probe", "")
      try FileManager.default.createDirectory(
        atPath: place.folder.path("disk"), withIntermediateDirectories: true)
      func run(_ script: String) throws -> Outcome {
        try ChildProcess(
          "/usr/bin/env",
          [
            "unshare", "--mount", "--map-root-user", "sh", "-c",
            "mount -t tmpfs -o size=3000k none disk && { \(script); }",
          ], in: place.folder.url.path,
          environment: ["WINIT_REGISTRY": "", "COMMAND": Command.path]
        ).wait()
      }
      guard try run("true").status == 0 else {
        print("➜ no small disk can be mounted on this system: full disks are tested with the fault injector alone")
        return nil
      }
      return try run(script)
    }

    @Test(arguments: [
      ("get m -o disk/x.safetensors", "disk/x.safetensors"), ("get m -o disk/x.npz", "disk/x.npz"),
      ("get m -o disk/x/", "disk/x"), ("get m -o - > disk/x", "standard output"),
      ("export m -o disk/x.winit", "disk/x.winit"), ("backup disk/x.sqlite", "disk/x.sqlite"),
      ("create m --spec m.yaml --seed 1 --registry disk/x.sqlite", "disk/x.sqlite"),
      ("import m.safetensors --as m --registry disk/x.sqlite", "disk/x.sqlite"),
    ])
    func `a full disk names the path of the user and the missing bytes, and leaves nothing`(
      words: String, path: String
    ) throws {
      let place = try place()
      try place.succeed("get m -o m.safetensors")
      let listing = "ls -A disk | grep -v '^x$'; df --output=avail -B1 disk | tail -1"
      guard let outcome = try onSmallDisk(place, "\"$COMMAND\" \(words); echo status $?; \(listing)") else { return }
      let lines = outcome.output.split(separator: "\n").map(String.init)
      #expect(lines.first == "status 74", "\(outcome)")
      #expect(lines.count == 2, "left: \(lines)")
      let error = try #require(outcome.errors.split(separator: "\n").first)
      #expect(
        outcome.errors.split(separator: "\n").count == 1 && error.contains(" \(path): the disk is full"), "\(error)")
      let numbers = try #require(
        error.firstMatch(of: /(\d+) bytes are missing \((\d+) are needed and (\d+) are free\)/), "\(error)")
      let (missing, needed, free) = (Int(numbers.1) ?? 0, Int(numbers.2) ?? 0, Int(numbers.3) ?? 0)
      #expect(missing == needed - free && missing > 0)
      // 4 MiB and a header, or the pages of a registry, do not fit; the disk has 3,072,000 bytes.
      #expect(needed <= 4_194_304 + 1_000_000 && free <= 3_072_000)
    }

    @Test func `a file-size limit is an error with the limit, before anything is written`() throws {
      let place = try place()
      let outcome = try place.shell("ulimit -f 100; winit-registry get m -o x.safetensors")
      #expect(
        outcome.status == 74 && outcome.errors.contains("51200") && outcome.errors.contains("ulimit -f"), "\(outcome)")
      #expect(try !place.folder.contents().contains { $0.contains("x.safetensors") })
    }

    @Test func `a tensor that does not fit in memory is an error with the amounts, and creates no registry`() throws {
      let place = try place()
      // The factorization of a matrix of 65,536 × 65,536 takes at least 8 + 4 bytes for each element: 51.5 GB.
      try place.folder.write("o.yaml", "tensors: {w: [65536, 65536]}\nrules: [{match: w, init: orthogonal}]")
      for limit in ["ulimit -v 4000000", "ulimit -d 2000000"] {
        let outcome = try place.shell(
          "\(limit); winit-registry create o --spec o.yaml --seed 1 --recipe-only --registry new.sqlite")
        #expect(outcome.status == 74, "\(outcome)")
        #expect(outcome.errors.contains("tensor `w`") && outcome.errors.contains("ulimit"), "\(outcome.errors)")
        let needed = try #require(outcome.errors.firstMatch(of: /takes (\d+) bytes, and (\d+) bytes are available/))
        #expect(Int(needed.1) ?? 0 >= 12 << 32 && Int(needed.2) ?? 0 < 4_000_000 << 10)
        #expect(!place.folder.exists("new.sqlite"))
      }
    }

    @Test func `a recipe-only run that does not fit in memory is an error for every command that regenerates it`()
      throws
    {
      let place = try place()
      // 2,000 × 2,000: 48 MB. The process itself needs more address space than that.
      try place.folder.write("o.yaml", "tensors: {w: [6000, 6000]}\nrules: [{match: w, init: orthogonal}]")
      try place.succeed("create o --spec o.yaml --seed 1 --recipe-only")
      for words in ["get o -o x.npy --tensor w", "verify o", "materialize o"] {
        let outcome = try place.shell("ulimit -v 600000; winit-registry \(words)")
        #expect(outcome.status == 74 && outcome.errors.contains("does not fit in memory"), "\(words): \(outcome)")
      }
      #expect(try place.shell("ulimit -v 600000; winit-registry verify m").status == 0)
    }
  #endif

  // MARK: Names

  @Test(
    arguments: [
      "pt", "pth", "ckpt", "pkl", "h5", "hdf5", "keras", "gguf", "onnx", "msgpack", "gz", "zip", "winit", "PT",
    ])
  func `the ending of a format that get does not write is refused, and --format writes it`(ending: String) throws {
    let place = try place()
    let outcome = try place.run("get s -o x.\(ending)")
    #expect(outcome.status == 64 && outcome.errors.contains(".\(ending.lowercased())"), "\(outcome)")
    #expect(!place.folder.exists("x.\(ending)"))
    try place.succeed("get s -o x.\(ending) --format safetensors")
    #expect(place.folder.exists("x.\(ending)"))
  }

  @Test func `endings that say nothing, or the right thing, are accepted`() throws {
    let place = try place()
    for words in [
      "get s -o plain", "get s -o .hidden", "get s -o x.v2", "get s --tensor b -o x.bin", "get m -o one.bin",
      "get s -o x.npz", "get s -o a.pt/", "export s -o b.winit", "export s -o c.sqlite", "export s -o d",
      "backup e.sqlite", "backup f.db",
    ] { try place.succeed(words) }
    for (words, status) in [
      ("get s -o x2.bin", 64), ("export s -o x.safetensors", 64), ("export s -o x.pt", 64), ("export s -o x.json", 64),
      ("backup x.safetensors", 64), ("backup x.winit", 64), ("import o.pt", 65), ("import missing.pt", 66),
    ] as [(String, Int32)] {
      try place.folder.write("o.pt", "PK")
      #expect(try place.run(words).status == status, "\(words)")
    }
  }

  @Test func `a dash is standard input for a spec and a manifest, and is refused for other files`() throws {
    let place = try place()
    let created = try place.shell("winit-registry create n --spec - --seed 1 --json < s.yaml")
    #expect(created.status == 0, "\(created)")
    let id = try place.json("show s")["id"]?.stringValue
    #expect(try place.json("show n")["id"]?.stringValue == id)
    let imported = try place.shell("winit-registry show s --manifest | winit-registry import - --as copy")
    #expect(imported.status == 0, "\(imported)")
    #expect(try place.json("show copy")["id"]?.stringValue == id)
    let bad = try place.shell("echo 'tensors: {w: [3}' | winit-registry create n --spec - --seed 1")
    #expect(bad.status == 65 && bad.errors.contains("standard input:1"), "\(bad)")
    let before = try place.folder.contents()
    for words in [
      "import -", "verify s --against -", "identify -", "diff s n --other -",
      "create n --spec s.yaml --like - --seed 1",
      "list --registry -", "backup -", "export s -o -", "export s --manifest -o -",
    ] { #expect(try place.run(words).status == 64, "\(words)") }
    #expect(try place.folder.contents() == before)
  }
}
