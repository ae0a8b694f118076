// Tables: their width in a terminal, in a pipe and in a file.

import Foundation
import Testing
import WinitTestSupport

@Suite struct TableTests {
  /// A registry of runs with long names, aliases, experiments and tags, some of wide and combining characters.
  private func place() throws -> Workplace {
    let place = try Workplace()
    try place.folder.write("t.yaml", tinySpec)
    try place.succeed("create t --spec t.yaml --seed 1")
    try place.succeed(
      "create t --spec t.yaml --seed 18446744073709551615 --experiment learning-rate-sweep-of-november",
      ["--tag", "optimizer=adamw", "--tag", "言語=日本語の札", "--tag", "e\u{301}=x\u{301}\u{308}", "--note", "n"])
    try place.succeed("create a/long/name/of-a-run/in-a-folder --spec t.yaml --seed 2 --tag lr=3e-4")
    try place.succeed("alias t:v2 the-baseline-of-the-paper")
    return place
  }

  /// The columns of a text whose wide characters are those of these tests.
  private func width(_ text: String) -> Int {
    text.unicodeScalars.reduce(0) {
      $0 + (("\u{300}"..."\u{36F}").contains($1) ? 0 : ("\u{3000}"..."\u{9FFF}").contains($1) ? 2 : 1)
    }
  }

  /// The titles in a line of titles, which are at least two spaces apart.
  private func titles(_ line: String) -> [String] {
    line.replacing(#/ {2,}/#, with: "|").split(separator: "|").map(String.init)
  }

  @Test(
    arguments: [
      "list", "log", "show t", "schemes", "preset options llama", "create x --spec t.yaml --seed 1 --dry-run",
    ])
  func `no line of a table is wider than the terminal, except words that are never cut`(words: String) throws {
    let place = try place()
    let arguments = words.split(separator: " ").map(String.init)
    for columns in [200, 132, 100, 80, 72, 60, 50, 40] {
      let lines = try PseudoTerminal(columns: columns).lines(of: arguments, in: place.folder)
      #expect(lines.count > 1)
      for line in lines where width(line) > columns {
        // A word in the fields of `show`, such as a digest, stays whole, so that it can be copied.
        let isField = words == "show t" && line.hasPrefix("  ") && line.split(separator: " ").count <= 2
        #expect(isField, "\(columns): \(line)")
      }
    }
  }

  @Test func `list leaves out columns in the documented order, and keeps the run`() throws {
    let place = try place()
    let all = [
      "RUN", "CREATED (UTC)", "SEED", "TENSORS", "PARAMETERS", "SIZE", "STORED", "ID", "ALIASES", "EXPERIMENT", "TAGS",
    ]
    let help = try place.succeed("list --help").output.replacing(#/\s+/#, with: " ")
    let order = ["TENSORS", "ID", "STORED", "SIZE", "PARAMETERS", "TAGS", "EXPERIMENT", "ALIASES", "SEED", "CREATED"]
    #expect(help.contains("in this order: \(order.joined(separator: ", "))."))
    var counts: Set<Int> = []
    for columns in stride(from: 240, to: 24, by: -3) {
      let lines = try PseudoTerminal(columns: columns).lines(of: ["list"], in: place.folder)
      let shown = titles(lines[0])
      counts.insert(shown.count)
      let omitted = order.prefix(all.count - shown.count).map { $0 == "CREATED" ? "CREATED (UTC)" : $0 }
      #expect(shown == all.filter { !omitted.contains($0) }, "\(columns)")
      #expect(lines.count == 4)
      // The version is never cut.
      #expect(lines[1].contains(":v1") && lines[2].hasPrefix("t:v2") && lines[3].hasPrefix("t:v1"))
    }
    #expect(counts.count > 6)
  }

  @Test func `a pipe gets every column in full, whatever the width of the terminal, and $COLUMNS is for terminals`()
    throws
  {
    let place = try place()
    let piped = try place.run("list", environment: ["COLUMNS": "40"]).output
    #expect(piped.contains("optimizer=adamw, 言語=日本語の札"))
    #expect(piped.contains("the-baseline-of-the-paper") && piped.contains("learning-rate-sweep-of-november"))
    #expect(piped.contains("sha256:") && piped.contains("18446744073709551615"))
    let wide = try PseudoTerminal(columns: 40).lines(of: ["list"], in: place.folder, environment: ["COLUMNS": "500"])
    #expect(wide.joined(separator: "\n") + "\n" == piped)
    let narrow = try PseudoTerminal(columns: 500).lines(of: ["list"], in: place.folder, environment: ["COLUMNS": "40"])
    #expect(narrow.allSatisfy { width($0) <= 40 })
  }

  @Test func `columns of wide and combining characters are aligned`() throws {
    let place = try Workplace()
    let names = ["plain", "日本語", "e\u{301}tude", "한국어", "\u{1112}\u{1161}\u{11AB}", "🚀x", "ﬀ", "Ａ"]
    // The widths as terminals draw them: East_Asian_Width of Unicode, and 0 for what joins the character before it.
    let widths = [5, 6, 5, 6, 2, 3, 1, 2]
    let tensors = names.map { "  \"\($0)\": [1]" }.joined(separator: "\n")
    try place.folder.write("t.yaml", "tensors:\n\(tensors)\nrules: [{match: \"*\", init: zeros}]\n")
    let output = try place.succeed("create t --spec t.yaml --seed 1 --dry-run").output
    let rows = output.split(separator: "\n").filter { $0.contains("float32") }
    #expect(rows.count == names.count)
    for (row, (name, width)) in zip(rows, zip(names, widths)) {
      let cell = row.prefix { $0 != " " }
      #expect(Array(cell.utf8) == Array(name.utf8))
      // TENSOR, with six columns, is the widest cell, and two spaces separate columns.
      #expect(row.dropFirst(cell.count).prefix { $0 == " " }.count == 6 - width + 2, "\(name)")
    }
  }

  @Test(.enabled(if: Python.isAvailable, "needs Python"))
  func `every character has the width that unicodedata gives`() throws {
    let place = try Workplace()
    // Every twentieth assigned character, and all around the ends of the ranges, with its width.
    let script = """
      import unicodedata as u
      def width(c):
          if u.category(c) in ("Mn", "Me") or 0x1160 <= ord(c) <= 0x11FF: return 0
          return 2 if u.east_asian_width(c) in "WF" else 1
      previous = 1
      for i in range(0xA1, 0x31000):
          c = chr(i)
          if u.category(c)[0] in "CZ" or u.normalize("NFC", "a" + c) != "a" + c: continue
          if i % 20 == 0 or width(c) != previous: print(i, width(c))
          previous = width(c)
      """
    let listed = try ChildProcess(Python.path, ["-c", script], in: place.folder.url.path).wait()
    let expected = listed.output.split(separator: "\n").map { $0.split(separator: " ").compactMap { Int($0) } }
    #expect(expected.count > 3000)
    let tensors = expected.map { "  \"a\\U\(String(format: "%08x", $0[0]))\": [1]" }.joined(separator: "\n")
    try place.folder.write("t.yaml", "tensors:\n\(tensors)\nrules: [{match: \"*\", init: zeros}]\n")
    let output = try place.succeed("create t --spec t.yaml --seed 1 --dry-run").output
    let rows = output.split(separator: "\n").filter { $0.contains("float32") }
    try #require(rows.count == expected.count)
    var wrong: [String] = []
    for (row, character) in zip(rows, expected) {
      let cell = row.unicodeScalars.prefix { $0 != " " }
      let padding = row.unicodeScalars.dropFirst(cell.count).prefix { $0 == " " }.count
      if padding != 6 - 1 - character[1] + 2 { wrong.append(String(character[0], radix: 16)) }
    }
    #expect(wrong.isEmpty, "\(wrong.prefix(20))")
  }

  @Test(arguments: ["list", "log", "schemes", "preset options llama"])
  func `--no-header leaves out the line of titles`(words: String) throws {
    let place = try place()
    let lines = try place.succeed(words).output.split(separator: "\n")
    let rows = try place.succeed(words + " --no-header").output.split(separator: "\n")
    #expect(rows.count == lines.count - 1 && lines.count > 1)
    #expect(!rows.contains { $0.contains("RUN ") || $0.contains("SCHEME") || $0.contains("OPTION") })
    #expect(try place.run(words + " --no-header --json").status == 64)
  }

  @Test func `a cell with a tab, a line break or an escape sequence stays on its line and is harmless`() throws {
    let place = try Workplace()
    try place.folder.write("t.yaml", tinySpec)
    try place.succeed(
      "create t --spec t.yaml --seed 1", ["--tag", "k=a\tb\r\nc\u{1B}[2Jd", "--experiment", "e\u{9B}31m"])
    for columns in [40, 120] {
      let lines = try PseudoTerminal(columns: columns).lines(of: ["list"], in: place.folder)
      #expect(lines.count == 2)
      #expect(!lines.joined().unicodeScalars.contains { $0.properties.generalCategory == .control })
    }
  }
}
