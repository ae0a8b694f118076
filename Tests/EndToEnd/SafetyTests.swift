// Damage, foreign texts, file permissions and output paths.

import Foundation
import Testing
import WinitJSON
import WinitTestSupport

@Suite struct SafetyTests {
  @Test func `list, show, log, stats and gc read no page of a stored chunk`() throws {
    let place = try Workplace()
    try place.folder.write("m.yaml", smallSpec)
    for seed in 1...3 { try place.succeed("create m --spec m.yaml --seed \(seed) --tag a=b") }
    let commands = [
      "list", "list --json", "list --sort name", "list --sort parameters --reverse",
      "list m* --scheme normal",
      "list --tag a=b --dtype f16 --params-over 10", "list --count --seed 2", "show m", "log", "stats", "gc",
    ]
    func outputs() throws -> [String] { try commands.map { try place.succeed($0).output } }
    let before = try outputs()
    // dbstat, a virtual table of the sqlite3 shell, lists the pages.
    let pages = try ChildProcess(
      "/usr/bin/env",
      [
        "sqlite3", "winit.sqlite",
        "SELECT pageno FROM dbstat WHERE name = 'chunks' AND pagetype <> 'internal'",
      ],
      in: place.folder.url.path
    ).wait()
    guard pages.status == 0 else {
      print("➜ the sqlite3 shell is missing or has no dbstat: the pages of chunks are not overwritten")
      return
    }
    let numbers = pages.output.split(separator: "\n").compactMap { Int($0) }
    #expect(numbers.count > 200)
    for number in numbers {
      try overwrite(
        place.folder.path("winit.sqlite"), at: (number - 1) * 16384,
        with: [UInt8](repeating: 0xFF, count: 16384))
    }
    #expect(try outputs() == before)
    #expect(try place.run("verify m --stored").status == 1)
    let doctor = try place.run("doctor")
    #expect(doctor.status == 1 && ["m:v1", "m:v2", "m:v3"].allSatisfy(doctor.output.contains), "\(doctor.output)")
    try place.succeed("doctor --repair")
    try place.succeed("verify --all")
  }

  @Test func `doctor says what a repair does, to the chunks and to the records`() throws {
    let place = try Workplace()
    try place.folder.write("t.yaml", tinySpec)
    try place.succeed("create t --spec t.yaml --seed 1")
    let record = ("UPDATE runs SET parameter_count = 7", "correct the records whose right value is known")
    let chunk = ("UPDATE chunks SET bytes = zeroblob(size) WHERE id = 1", "regenerate damaged chunks")
    for damage in [[record], [chunk], [chunk, record]] {
      for (sql, _) in damage { try place.change(sql) }
      let found = try place.run("doctor --full")
      let remedy = damage.map(\.1).joined(separator: " and ")
      #expect(found.status == 1 && found.output.hasSuffix("  run with --repair to \(remedy)\n"), "\(found.output)")
      try place.succeed("doctor --repair")
      #expect(try place.succeed("doctor --full").output.hasPrefix("sound"))
    }
  }

  @Test func `verify finds each of a thousand flipped bits and names its tensor and byte range`() throws {
    let place = try Workplace()
    // A thousand tensors of 50 to 1049 elements, each in one chunk, and one bit in each chunk.
    let tensors = (0..<1000).map { "  t\($0): [\($0 + 50)]" }.joined(separator: "\n")
    try place.folder.write("m.yaml", "tensors:\n\(tensors)\nrules: [{match: '*', init: normal}]")
    try place.succeed("create m --spec m.yaml --seed 1")
    try place.succeed("get m -o before.safetensors")
    let ranges = try chunkRanges(place)
    #expect(ranges.count == 1000)
    var file = try place.folder.bytes("winit.sqlite")
    for (index, range) in ranges.enumerated() {
      let bit = (index * 7919) % (range.count * 8)
      file[range.lowerBound + bit / 8] ^= 1 << UInt8(bit % 8)
    }
    try place.folder.write("winit.sqlite", file)
    let outcome = try place.run("verify m --stored --json")
    #expect(outcome.status == 1)
    let report = try JSONValue(parsing: outcome.output)
    let run = try #require(report["runs"]?.arrayValue?.first)
    let findings = run["findings"]?.arrayValue ?? []
    #expect(Set(findings.compactMap { $0["tensor"]?.stringValue }) == Set((0..<1000).map { "t\($0)" }))
    for finding in findings {
      let size = (Int(finding["tensor"]?.stringValue?.dropFirst() ?? "") ?? 0) * 4 + 200
      #expect(finding["ranges"]?.canonical == "[[0,\(size)]]")
      #expect(finding["differing_elements"]?.integerValue == 1)
    }
    try place.succeed("doctor --repair")
    try place.succeed("verify m")
    try place.succeed("get m -o after.safetensors")
    #expect(try place.folder.bytes("before.safetensors") == place.folder.bytes("after.safetensors"))
  }

  /// Returns the range of each tensor's bytes in the registry file. Searches for the bytes that `get` writes.
  private func chunkRanges(_ place: Workplace) throws -> [Range<Int>] {
    let file = try place.folder.bytes("winit.sqlite")
    let exported = try place.folder.bytes("before.safetensors")
    let length = exported[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    let header = try JSONValue(parsing: Array(exported[8..<8 + length]))
    var last = 0
    return try (0..<1000).map { index in
      let numbers = header["t\(index)"]?["data_offsets"]?.arrayValue ?? []
      let offsets = numbers.compactMap(\.integerValue)
      try #require(offsets.count == 2)
      let bytes = Array(exported[(8 + length + offsets[0])..<(8 + length + offsets[1])])
      // Chunks are in the order of the tensors, but SQLite fills each page from its end.
      let start = try #require(
        (max(0, last - 32768)..<file.count - bytes.count).first { start in
          file[start] == bytes[0] && file[start..<start + bytes.count].elementsEqual(bytes)
        })
      last = start
      return start..<start + bytes.count
    }
  }

  @Test func `get writes every tensor inside the output folder, whatever the name of the tensor`() throws {
    let place = try Workplace()
    let names = [
      "../../escape", "/tmp/absolute", "..", ".", "a/b", "ok.weight", "\u{E9} \u{1F600}", "-rf",
      String(repeating: "x", count: 400),
    ]
    let entries = names.map { "  \"\($0)\": [3]" }.joined(separator: "\n")
    try place.folder.write("m.yaml", "tensors:\n\(entries)\nrules: [{match: '*', init: normal}]")
    try place.succeed("create m --spec m.yaml --seed 1")
    let before = try place.folder.contents()
    try place.succeed("get m --format npy -o out/")
    try place.succeed("get m --format raw -o raw/")
    #expect(try place.folder.contents() == (before + ["out", "raw"]).sorted())
    let files = try FileManager.default.contentsOfDirectory(atPath: place.folder.path("out"))
    #expect(files.count == names.count)
    #expect(Set(files).isSuperset(of: ["%2e.%2f..%2fescape.npy", "%2e..npy", "ok.weight.npy", "a%2fb.npy"]))
    let whole = try place.succeed("get m", ["--tensor", "../../escape", "--format", "npy", "-o", "one.npy"])
    #expect(whole.status == 0)
    #expect(try place.folder.bytes("one.npy") == place.folder.bytes("out/%2e.%2f..%2fescape.npy"))
    let again = try place.run("get m --format npy -o out/")
    #expect(again.status == 74 && again.errors.contains("out"))
  }

  @Test func `control characters in metadata are escaped in text, and kept in JSON and in the manifest`() throws {
    let place = try Workplace()
    try place.folder.write("t.yaml", "tensors: {\"w\\u009b\": [4]}\nrules: [{match: '*', init: normal}]")
    try place.succeed(
      "create t --spec t.yaml --seed 1",
      ["--note", "a\u{1B}[2Jb\nc", "--tag", "k=\u{7}", "--experiment", "\u{9B}31m"])
    for command in ["show t", "list", "log", "tag t x=y", "show gone\u{1B}[31m"] {
      let outcome = try place.run(command)
      let text = outcome.output + outcome.errors
      #expect(
        !text.unicodeScalars.contains { $0.properties.generalCategory == .control && $0 != "\n" },
        "\(command)")
      #expect(!text.isEmpty)
    }
    #expect(try place.json("show t")["note"]?.stringValue == "a\u{1B}[2Jb\nc")
    #expect(try place.succeed("show t --manifest").output.contains("\u{9B}"))
  }

  @Test func `get, export and backup do not follow a symbolic link at the output path`() throws {
    let place = try Workplace()
    try place.folder.write("t.yaml", "tensors: {w: [4]}\nrules: [{match: w, init: normal}]")
    try place.succeed("create t --spec t.yaml --seed 1")
    try place.folder.write("precious", "keep me")
    for command in ["get t -o link", "export t -o link", "backup link"] {
      try FileManager.default.createSymbolicLink(
        atPath: place.folder.path("link"), withDestinationPath: "precious")
      #expect(try place.run(command).status == 74, "\(command)")
      try place.succeed(command + " --force")
      #expect(try place.folder.bytes("precious") == Array("keep me".utf8))
      let kind = try FileManager.default.attributesOfItem(atPath: place.folder.path("link"))[.type]
      #expect(kind as? FileAttributeType == .typeRegular)
      try FileManager.default.removeItem(atPath: place.folder.path("link"))
    }
    try FileManager.default.createDirectory(
      atPath: place.folder.path("elsewhere"), withIntermediateDirectories: false)
    try FileManager.default.createSymbolicLink(
      atPath: place.folder.path("link"), withDestinationPath: "elsewhere")
    #expect(try place.run("get t --format npy -o link/").status == 74)
    #expect(try FileManager.default.contentsOfDirectory(atPath: place.folder.path("elsewhere")).isEmpty)
  }

  @Test func `only the owner can read a new registry, its journal, a bundle and a backup`() throws {
    let place = try Workplace()
    try place.folder.write("t.yaml", "tensors: {w: [4]}\nrules: [{match: w, init: normal}]")
    try place.succeed("create t --spec t.yaml --seed 1")
    try place.succeed("export t -o b.winit")
    try place.succeed("backup c.sqlite")
    for name in ["winit.sqlite", "winit.sqlite-journal", "b.winit", "c.sqlite"] {
      let attributes = try FileManager.default.attributesOfItem(atPath: place.folder.path(name))
      #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
    }
  }

  @Test func `a read-only registry can be read and verified, with a note about the history`() throws {
    let place = try Workplace()
    try place.folder.write("t.yaml", "tensors: {w: [4]}\nrules: [{match: w, init: normal}]")
    try place.succeed("create t --spec t.yaml --seed 1")
    let writable = try place.folder.bytes("winit.sqlite")
    chmod(place.folder.path("winit.sqlite"), 0o444)
    // Root may write to every file, so another user tries.
    let other = getuid() == 0 ? ["setpriv", "--reuid=65534", "--clear-groups"] : []
    func run(_ words: String) throws -> Outcome {
      try ChildProcess(
        "/usr/bin/env", other + [Command.path] + words.split(separator: " ").map(String.init),
        in: place.folder.url.path, environment: ["WINIT_REGISTRY": ""]
      ).wait()
    }
    guard try run("version").status == 0 else {
      print("➜ only root can run the command here: a read-only registry is not tested")
      return
    }
    let verified = try run("verify t")
    #expect(verified.status == 0 && verified.errors.hasPrefix("note: "), "\(verified)")
    #expect(try run("get t -o -").output.utf8.count > 16)
    #expect(try run("list").output.contains("t:v1"))
    let refused = try run("create t --spec t.yaml --seed 2")
    #expect(refused.status == 74 && refused.errors.contains("winit.sqlite"), "\(refused)")
    #expect(try place.folder.bytes("winit.sqlite") == writable)
  }
}
