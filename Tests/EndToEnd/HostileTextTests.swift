// Texts that are long, contain line breaks, or are not UTF-8: arguments, names, specs, and the paths of folders.

import Foundation
import Testing
import WinitJSON
import WinitTestSupport

@Suite struct HostileTextTests {
  private func place() throws -> Workplace {
    let place = try Workplace()
    try place.folder.write("t.yaml", tinySpec)
    try place.succeed("create t --spec t.yaml --seed 1")
    return place
  }

  /// Command lines with a hostile text, each of which fails.
  static let commands: [[String]] = [
    ["show", "X"], ["show", "X:v1"], ["show", "t:X"], ["show", "t", "X"], ["show", "sha256:X"], ["X"],
    ["create", "X", "--spec", "t.yaml", "--seed", "1"], ["create", "m", "--spec", "t.yaml", "--seed", "X"],
    ["create", "m", "--spec", "t.yaml", "--seed=X"],
    ["create", "m", "--spec", "t.yaml", "--seed", "1", "--dtype", "X"],
    ["create", "m", "--spec", "t.yaml", "--seed", "1", "--tag", "X"],
    ["create", "m", "--spec", "t.yaml", "--seed", "1", "--tag", " =X"],
    ["create", "m", "--preset", "X", "--like", "t.yaml", "--seed", "1"],
    ["create", "m", "--spec", "t.yaml", "--seed", "1", "--preset-option", "X=1"],
    ["create", "m", "--spec", "long.yaml", "--seed", "1"], ["create", "m", "--spec", "names.yaml", "--seed", "1"],
    ["get", "t", "--tensor", "X", "-o", "x.npy"], ["get", "t", "--tensor", "w", "--slice", "X", "-o", "x.npy"],
    ["get", "t", "--format", "X", "-o", "x"], ["get", "t", "--dtype", "X", "-o", "x"], ["get", "t", "--X"],
    ["graft", "t", "t", "--take", "X", "--as", "g"], ["graft", "t", "t", "--take", "w", "--as", "X"],
    ["rename", "X", "n"], ["rename", "t", "X"], ["alias", "t", "X"], ["tag", "X", "a=b"], ["rm", "X"],
    ["list", "--limit", "X"], ["list", "--since", "X"], ["list", "--dtype", "X"], ["verify", "X"], ["diff", "t", "X"],
    ["log", "X"], ["schemes", "X"], ["preset", "X"], ["gc", "--grace", "X"], ["verify", "t", "--sample", "X"],
  ]

  @Test(arguments: commands)
  func `a message shortens what it quotes, and a line break in it makes no line`(words: [String]) throws {
    let place = try place()
    let long = String(repeating: "x", count: 30_000)
    try place.folder.write("long.yaml", "tensors: {w: [4]}\nrules: [{match: w, init: \(long)}]")
    try place.folder.write(
      "names.yaml", "tensors: {w: [4]}\nrules: [{match: w, init: \"a\\nerror: all is well\(long)\"}]\n\(long): 1")
    for text in [long, "a\nerror: all is well", "-\u{1B}[2J"] {
      let outcome = try place.run("", words.map { $0.replacing("X", with: text) })
      #expect([64, 65, 66].contains(outcome.status), "\(outcome)")
      let lines = outcome.errors.split(separator: "\n")
      #expect(lines.first?.hasPrefix("error: ") == true)
      #expect(
        !lines.contains { $0.count > 1000 } && !outcome.errors.contains("\u{1B}"), "\(outcome.errors.prefix(2000))")
      #expect(!lines.contains("error: all is well"))
    }
  }

  @Test func `an argument that is not UTF-8 is refused by every command, and no file is made`() throws {
    let place = try place()
    let before = try place.shell("ls -b").output
    for command in [
      "create m --spec $BAD --seed 1", "create m --spec t.yaml --seed 1 --registry $BAD",
      "create m --spec t.yaml --like $BAD --seed 1", "create $BAD --spec t.yaml --seed 1", "get t -o $BAD",
      "get t -o$BAD", "get t --output=$BAD", "verify t --against $BAD", "identify $BAD", "diff t t --other $BAD",
      "export t -o $BAD", "import $BAD", "import $BAD --as m", "backup $BAD", "list --registry=$BAD",
      "doctor --registry $BAD",
      "note t $BAD", "$BAD",
    ] {
      let outcome = try place.shell("BAD=$(printf 'caf\\351'); winit-registry \(command)")
      #expect(outcome.status == 64 && outcome.errors.contains(#"caf\xE9"#), "\(command): \(outcome)")
    }
    let variable = try place.shell("WINIT_REGISTRY=$(printf 'caf\\351') winit-registry create m --spec t.yaml --seed 1")
    #expect(variable.status == 64 && variable.errors.contains("$WINIT_REGISTRY"))
    #expect(try place.shell("ls -b").output == before)
  }

  @Test func `every command works in a folder, a home and a TMPDIR that are not UTF-8`() throws {
    let place = try place()
    let outcome = try place.shell(
      """
      set -e; bad=$(printf 'caf\\351'); mkdir $bad; cd $bad; export HOME="$PWD" TMPDIR="$PWD"; cp ../t.yaml .
      winit-registry create t --spec t.yaml --seed 1; winit-registry create u --spec ./t.yaml --seed 2
      winit-registry get t -o t.safetensors; mkdir arrays; winit-registry get t --format npy -o arrays/; winit-registry get t -o t.npz
      winit-registry verify t --against t.safetensors; winit-registry identify t.safetensors
      winit-registry create l --spec t.yaml --like t.safetensors --seed 1
      winit-registry export t -o b.sqlite; winit-registry import b.sqlite --registry other.sqlite
      winit-registry import t.safetensors --as i; winit-registry diff t u --other other.sqlite || test $? = 1 -o $? = 66
      winit-registry backup copy.sqlite; winit-registry log; winit-registry gc --yes; winit-registry doctor --repair
      ls
      """)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(["arrays", "b.sqlite", "copy.sqlite", "t.npz", "winit.sqlite"].allSatisfy(outcome.output.contains))
    // Nothing was made beside the folder.
    #expect(try place.shell("ls -d caf* | wc -l").output.contains("1"))
  }

  @Test func `in a folder that was deleted, absolute paths work and relative ones are refused`() throws {
    let place = try place()
    let outcome = try place.shell(
      """
      at=$PWD; mkdir gone; cd gone; rmdir ../gone
      winit-registry create m --spec "$at/t.yaml" --seed 1 --registry "$at/winit.sqlite" && winit-registry list --registry "$at/winit.sqlite"
      winit-registry create m --spec "$at/t.yaml" --seed 1; echo "status $?"
      """)
    #expect(outcome.output.contains("created m:v1") && outcome.output.contains("status 74"), "\(outcome)")
  }

  @Test func `the registry is not standard input, and has a path`() throws {
    let place = try place()
    for path in ["-", ""] {
      let outcome = try place.run("create m --spec t.yaml --seed 1", ["--registry", path])
      #expect([64, 65].contains(outcome.status) && !place.folder.exists("-"))
    }
    #expect(try place.run("list", environment: ["WINIT_REGISTRY": "-"]).status == 64)
    try place.succeed("create m --spec t.yaml --seed 1 --registry ./-")
    #expect(place.folder.exists("-"))
  }
}
