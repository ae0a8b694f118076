// Creates, reads, verifies and lists runs with the command, and checks its errors.

import Foundation
import Testing
import WinitJSON
import WinitTestSupport

@Suite struct CommandTests {
  private func place(_ spec: String = tinySpec) throws -> Workplace {
    let place = try Workplace()
    try place.folder.write("t.yaml", spec)
    return place
  }

  @Test func `list shows the newest runs first, up to the limit, and says when there are more`() throws {
    let place = try place()
    for seed in 1...4 { try place.succeed("create t --spec t.yaml --seed \(seed)") }
    let two = try place.json("list --limit 2")
    #expect(two["runs"]?.arrayValue?.compactMap { $0["reference"]?.stringValue } == ["t:v4", "t:v3"])
    #expect(two["total"]?.integerValue == 4)
    let table = try place.run("list --limit 3")
    #expect(table.output.split(separator: "\n").map { $0.prefix(4) } == ["RUN ", "t:v4", "t:v3", "t:v2"])
    #expect(table.errors.contains("--after t:v2"))
    let all = try place.run("list --limit 0")
    #expect(all.output.split(separator: "\n").count == 5 && all.errors.isEmpty)
    #expect(try place.run("list --limit=-1").status == 64)
  }

  @Test func `--json prints the documented members and nothing else on standard output`() throws {
    let place = try place()
    let created = try place.json("create t --spec t.yaml --seed 18446744073709551615")
    #expect(created["reference"]?.stringValue == "t:v1")
    #expect(created["seed"]?.stringValue == "18446744073709551615")
    let listed = try #require(try place.json("list")["runs"]?.arrayValue)
    #expect(listed.count == 1)
    for key in ["reference", "id", "weights", "seed"] {
      #expect(listed[0][key]?.stringValue == created[key]?.stringValue)
      #expect(created[key] != nil)
    }
    let shown = try place.json("show t")
    #expect(shown["law_version"]?.stringValue == "philox4x32-10/icdf-1")
    let w = try #require(shown["tensors"]?.arrayValue?.first)
    #expect(w["name"]?.stringValue == "w")
    #expect(w["shape"]?.canonical == "[4,8]")
    #expect(w["dtype"]?.stringValue == "float32")
    #expect(w["scheme"]?.stringValue == "normal")
    #expect(w["law"]?.canonical == #"{"law":"normal","mean":0,"std":0.019999999552965164}"#)
    // First 8 bytes, little-endian, of hashlib's SHA-256 of "w" (Tests/Vectors/streams.txt).
    #expect(w["stream"]?.stringValue == "17734696886724432")
    #expect(w["digest"]?.stringValue?.hasPrefix("sha256:") == true)
    let verified = try place.json("verify t")
    #expect(verified["matches"]?.canonical == "true")
    let got = try place.json("get t -o t.safetensors")
    #expect(got["byte_count"]?.integerValue == (try place.folder.bytes("t.safetensors").count))
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/sha256sum"), "needs sha256sum"))
  func `show --manifest prints the bytes whose SHA-256 is the id`() throws {
    let place = try place()
    let id = try place.json("create t --spec t.yaml --seed 3")["id"]?.stringValue
    try place.folder.write("manifest", place.succeed("show t --manifest").output)
    let sum = try ChildProcess("/usr/bin/sha256sum", ["manifest"], in: place.folder.url.path).wait()
    #expect("sha256:" + sum.output.prefix(64) == id)
  }

  @Test func `get writes slices, formats and standard output, and replaces a file only with --force`() throws {
    let place = try place()
    try place.succeed("create t --spec t.yaml --seed 3")
    try place.succeed("get t --tensor w --format raw -o w.raw")
    let whole = try place.folder.bytes("w.raw")
    #expect(whole.count == 128)
    try place.succeed("get t --tensor w --slice -1,2: --format raw -o slice.raw")
    #expect(try place.folder.bytes("slice.raw") == Array(whole[4 * 26..<4 * 32]))
    try place.succeed("get t --tensor w --format npy -o w.npy")
    #expect(try place.folder.bytes("w.npy").suffix(128) == whole[...])
    let piped = try place.run("get t --tensor w --format npy -o -")
    #expect(piped.status == 0)
    try place.succeed("get t")
    #expect(place.folder.exists("t-v1.safetensors"))
    try place.succeed("get t --tensor w --format raw")
    #expect(try place.folder.bytes("t-v1.w.bin") == whole)
    // The extension of the file gives the format.
    try place.succeed("get t --tensor w -o other.npy")
    #expect(try place.folder.bytes("other.npy") == place.folder.bytes("w.npy"))
    try place.folder.write("kept", "old")
    let kept = try place.run("get t -o kept")
    #expect(kept.status == 74)
    #expect(kept.errors.contains("kept") && kept.errors.contains("--force"))
    #expect(try place.folder.bytes("kept") == Array("old".utf8))
    try place.succeed("get t -o kept --force")
    #expect(try place.folder.bytes("kept") == place.folder.bytes("t-v1.safetensors"))
  }

  @Test func `verify exits with 1 and names the first differing element if a file or the registry changed`() throws {
    let place = try place()
    try place.succeed("create t --spec t.yaml --seed 3")
    try place.succeed("create u --spec t.yaml --seed 4")
    try place.succeed("get t -o t.safetensors")
    let other = try place.run("verify u --against t.safetensors --json")
    #expect(other.status == 1)
    let values = try finding(in: other)
    #expect(values["kind"]?.stringValue == "values" && values["tensor"]?.stringValue == "w")
    #expect(values["differing_elements"]?.integerValue == 32 && values["index"]?.canonical == "[0,0]")
    #expect(values["likely_cause"]?.stringValue?.contains("seed 3") == true)

    // One byte of a stored chunk in the registry file.
    try place.succeed("get u --tensor w --format raw -o u.raw")
    let file = try place.folder.bytes("winit.sqlite"), raw = try place.folder.bytes("u.raw")
    let offset = try #require(Data(file).firstRange(of: Data(raw))?.lowerBound)
    try overwrite(place.folder.path("winit.sqlite"), at: offset + 42, with: [raw[42] ^ 1])
    let damaged = try place.run("verify --all --json")
    #expect(damaged.status == 1)
    let runs = try JSONValue(parsing: damaged.output)["runs"]?.arrayValue ?? []
    #expect(runs.map { $0["reference"]?.stringValue } == ["u:v1", "t:v1"])
    #expect(runs.map { $0["matches"]?.canonical } == ["false", "true"])
    let chunk = try finding(in: damaged)
    #expect(chunk["kind"]?.stringValue == "stored" && chunk["tensor"]?.stringValue == "w")
    #expect(chunk["ranges"]?.canonical == "[[0,128]]" && chunk["index"]?.canonical == "[1,2]")
    #expect(try place.run("verify u --regenerate").status == 0)
    #expect(try place.run("verify u --stored").status == 1)
    let rescued = try place.run("get u --tensor w --format raw -o again.raw")
    #expect(rescued.status == 0)
    #expect(rescued.errors.hasPrefix("warning: ") && rescued.errors.contains("`w`"))
    #expect(try place.folder.bytes("again.raw") == raw)
  }

  /// Returns the first finding of the first run of a verification.
  private func finding(in outcome: Outcome) throws -> JSONValue {
    let run = try JSONValue(parsing: outcome.output)["runs"]?.arrayValue?.first
    return try #require(run?["findings"]?.arrayValue?.first)
  }

  @Test(
    arguments: [
      ("create t --seed 1", 64, "--spec"),
      ("create t --spec t.yaml --seed -1", 64, "'-1'"),
      ("create t --spec t.yaml --seed 18446744073709551616", 64, "'18446744073709551616'"),
      ("create t --spec t.yaml", 64, "--seed"),
      ("list --limit -1 --registry r", 64, "--limit"),
      ("list --seed -1 --registry r", 64, "--seed"),
      ("list --params-over -1 --registry r", 64, "--params-over"),
      ("list --since -1d --registry r", 64, "'-1d'"),
      ("list --until 2026-02-30 --registry r", 64, "'2026-02-30'"),
      ("log --limit x --registry r", 64, "'x'"),
      ("gc --grace -1d --registry r", 64, "'-1d'"),
      ("verify --all --sample 0 --registry r", 64, "--sample"),
      ("verify --all --since -1 --registry r", 64, "--since"),
      ("import Model.safetensors --registry r", 64, "--as"),
      ("create t:v1 --spec t.yaml --seed 1", 64, "`t:v1`"),
      ("create t --spec t.yaml --seed 1 --dtype int8", 64, "`int8`"),
      ("create t --spec t.yaml --seed 1 --threads 0", 64, "--threads"),
      ("create t --spec none.yaml --seed 1", 66, "none.yaml"),
      ("create t --spec bad.yaml --seed 1", 65, "bad.yaml:1: tensor `w`: "),
      ("create t --spec t.yaml --like none.safetensors --seed 1", 66, "none.safetensors"),
      ("create t --spec t.yaml --like bad.yaml --seed 1", 65, "bad.yaml"),
      ("create t --spec t.yaml --seed 1 --registry bad.yaml", 65, "bad.yaml"),
      ("create t --spec t.yaml --seed 1 --registry no/such/r", 66, "no/such/r"),
      ("create t --spec t.yaml --seed 1 --parent nosuch --registry r", 66, "`nosuch`"),
      ("frobnicate", 64, "`frobnicate`"),
      ("list --registry none", 66, "none"),
      ("list", 66, "winit.sqlite"),
      ("show x --registry r", 66, "`x`"),
      ("show t:v9 --registry r", 66, "`t:v1`"),
      ("show sha256:zz --registry r", 64, "`sha256:zz`"),
      ("show t@v1 --registry r", 64, "`t@v1`"),
      ("show t --json --manifest --registry r", 64, "--manifest"),
      ("get t --tensor v --registry r -o out", 66, "`v`"),
      ("get t --slice 9 --tensor w --registry r -o out", 64, "`w`"),
      ("get t --slice 0 --tensor w --registry r", 64, "-o PATH"),
      ("get t --force -o r --registry r", 74, "r"),
      ("create t --spec huge.yaml --seed 1 --registry new", 65, "16 TiB"),
      ("create t --spec . --seed 1", 74, "cannot read .: "),
      ("create t --spec t.yaml/x --seed 1", 66, "t.yaml/x"),
      ("list --registry :memory:", 66, ":memory:"),
      ("get t --slice x --registry r -o out", 64, "`x`"),
      ("get t --format npy --registry r -o out", 64, "npy"),
      ("get t --format bin --registry r -o out", 64, "'bin'"),
      ("get t --registry r -o no/such/out", 66, "no/such/out"),
      ("get t --registry r -o - --json", 64, "--json"),
      ("verify --registry r", 64, "--all"),
      ("verify t --all --registry r", 64, "--all"),
      ("verify t --stored --regenerate --registry r", 64, "--regenerate"),
      ("verify t t --against x --registry r", 64, "--against"),
      ("verify t --against none --registry r", 66, "none"),
      ("verify t --against bad.yaml --registry r", 65, "bad.yaml"),
      ("verify recipe --stored --registry r", 64, "recipe:v1"),
    ] as [(String, Int32, String)])
  func `an error has its documented exit status, names its cause, and changes nothing`(
    words: String, status: Int32, fact: String
  ) throws {
    let place = try place()
    try place.folder.write("bad.yaml", "tensors: {w: [2]}\nrules: []\n")
    try place.folder.write(
      "huge.yaml", "tensors: {w: [4503599627370496, 128]}\nrules: [{match: w, init: zeros}]\n")
    try place.succeed("create t --spec t.yaml --seed 1 --registry r")
    try place.succeed("create recipe --recipe-only --spec t.yaml --seed 1 --registry r")
    let before = try (place.folder.contents(), place.folder.bytes("r"))
    let outcome = try place.run(words)
    #expect(outcome.status == status, "\(outcome.errors)")
    let isJSON = words.contains("--json")
    #expect(outcome.errors.hasPrefix(isJSON ? "{\"error\":" : "error: "), "\(outcome.errors)")
    #expect(outcome.errors.contains(fact), "\(outcome.errors)")
    #expect(outcome.output == "")
    #expect(try place.folder.contents() == before.0)
    #expect(try place.folder.bytes("r") == before.1)
  }

  @Test func `the registry is that of --registry, else of $WINIT_REGISTRY, else winit.sqlite`() throws {
    let place = try place()
    let create = "create t --spec t.yaml --seed 1"
    #expect(try place.run(create + " --registry a", environment: ["WINIT_REGISTRY": "b"]).status == 0)
    #expect(try place.run(create, environment: ["WINIT_REGISTRY": "b"]).status == 0)
    #expect(try place.run(create).status == 0)
    for name in ["a", "b", "winit.sqlite"] { #expect(place.folder.exists(name)) }
  }

  @Test func `a warning about the spec goes to standard error, and the create succeeds`() throws {
    let place = try place(
      tinySpec.replacingOccurrences(of: "rules: [", with: "rules: [{match: zz, init: ones}, "))
    let outcome = try place.succeed("create t --spec t.yaml --seed 1")
    #expect(outcome.errors.hasPrefix("warning: t.yaml:2: ") && outcome.errors.contains("`zz`"))
  }

  @Test func `--dtype changes only floating-point tensors without a dtype of their own`() throws {
    let place = try place(
      "tensors: {w: [2], own: {shape: [1], dtype: float64}, n: {shape: [], dtype: int64}}\nrules: [{match: '*', init: zeros}]"
    )
    try place.succeed("create t --spec t.yaml --seed 1 --dtype bf16")
    let dtypes = try place.json("show t")["tensors"]?.arrayValue?.map { $0["dtype"]?.stringValue }
    #expect(dtypes == ["bfloat16", "float64", "int64"])
  }

  @Test func `the help names the subcommands, the exit statuses and the environment variables`() throws {
    let place = try place()
    let help = try place.succeed("--help").output
    for word in ["create", "get", "verify", "list", "show", "EXIT STATUS", "130", "WINIT_REGISTRY"] {
      #expect(help.contains(word))
    }
    #expect(try place.succeed("--version").output.split(separator: ".").count == 3)
  }

  @Test func `a reader that stops early ends the text of a command quietly, and a full disk is an error`() throws {
    let place = try place()
    try place.succeed("create t --spec t.yaml --seed 3")
    try place.succeed("create u --spec t.yaml --seed 4")
    try place.succeed("get t -o t.safetensors")
    let script = #"{ winit-registry verify u --against t.safetensors; echo $? > status; } | true; cat status"#
    #expect(try place.shell(script).output == "1\n")
    #expect(try place.shell(#"winit-registry show nothing 2>&-"#).status == 66)
    #if os(Linux)
      for words in [
        "list", "list --json", "show t", "show t --manifest", "verify t", "get t --tensor w -o -",
      ] {
        let outcome = try place.shell(#"winit-registry \#(words) > /dev/full"#)
        #expect(outcome.status == 74, "\(words)")
        #expect(outcome.errors.contains("standard output"))
      }
      #expect(try place.shell(#"winit-registry show nothing 2> /dev/full"#).status == 66)
    #endif
  }

  @Test func `create reads a spec from a pipe`() throws {
    let place = try place()
    #expect(try place.shell(#"cat t.yaml | winit-registry create t --spec /dev/stdin --seed 1"#).status == 0)
  }

  @Test func `verify --all verifies all other runs if one run cannot be read`() throws {
    let place = try place()
    for name in ["a", "b", "c"] { try place.succeed("create \(name) --spec t.yaml --seed 1") }
    let file = try place.folder.bytes("winit.sqlite")
    // The shape of b's tensor w, in text.
    let shapes = Data(file).ranges(of: Data("[4,8]{".utf8)).map(\.lowerBound)
    #expect(shapes.count == 3)
    try overwrite(place.folder.path("winit.sqlite"), at: shapes.sorted()[1], with: [UInt8(ascii: "x")])
    let outcome = try place.run("verify --all")
    #expect(outcome.status == 65)
    #expect(outcome.errors.contains("b:v1"))
    let report = try JSONValue(parsing: place.run("verify --all --json").output)
    #expect(report["runs"]?.arrayValue?.map { $0["reference"]?.stringValue } == ["c:v1", "a:v1"])
    #expect(report["errors"]?.arrayValue?.map { $0["reference"]?.stringValue } == ["b:v1"])
    #expect(try place.run("verify b").status == 65)
  }

  @Test func `every available kernel gives the same id, and an unavailable kernel is refused`() throws {
    let place = try place(smallSpec)
    let version = try place.json("version")
    let kernels = (version["kernels"]?.arrayValue ?? []).compactMap(\.stringValue)
    #expect(version["schema"]?.integerValue == 6)
    #expect(kernels.contains("scalar") && kernels.contains(version["kernel"]?.stringValue ?? ""))
    var ids: Set<String> = []
    for kernel in kernels {
      let environment = ["WINIT_KERNEL": kernel]
      let version = try JSONValue(parsing: place.run("version --json", environment: environment).output)
      #expect(version["kernel"]?.stringValue == kernel)
      let outcome = try place.run("create \(kernel) --spec t.yaml --seed 9 --json", environment: environment)
      ids.insert(try JSONValue(parsing: outcome.output)["id"]?.stringValue ?? "")
    }
    #expect(ids.count == 1)
    for name in ["mmx", "neon", "avx2"] where !kernels.contains(name) {
      let refused = try place.run("version", environment: ["WINIT_KERNEL": name])
      #expect(refused.status == 64)
      #expect(refused.errors.hasPrefix("error: ") && refused.errors.contains(name))
    }
  }
}
