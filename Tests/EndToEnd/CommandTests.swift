import Foundation
import Testing
import WinitJSON
import WinitTestSupport

private let tiny =
  "tensors: {w: [4, 8], b: [8]}\nrules: [{match: b, init: zeros}, {match: w, init: {scheme: normal, std: 0.02}}]"

@Suite struct CommandTests {
  private func place(_ spec: String = tiny) throws -> Workplace {
    let place = try Workplace()
    try place.folder.write("t.yaml", spec)
    return place
  }

  @Test("list gives the newest runs, as many as are asked for, and says when there are more")
  func newest() throws {
    let place = try place()
    for seed in 1...4 { try place.succeed("create t --spec t.yaml --seed \(seed)") }
    let two = try place.json("list --limit 2")
    #expect(two["runs"]?.arrayValue?.compactMap { $0["reference"]?.stringValue } == ["t:v4", "t:v3"])
    #expect(two["total"]?.integerValue == 4)
    let table = try place.run("list --limit 3")
    #expect(table.output.split(separator: "\n").map { $0.prefix(4) } == ["RUN ", "t:v4", "t:v3", "t:v2"])
    #expect(table.errors.contains("more than these 3; --after t:v2"))
    let all = try place.run("list --limit 0")
    #expect(all.output.split(separator: "\n").count == 5 && all.errors.isEmpty)
    #expect(try place.run("list --limit=-1").status == 64)
  }

  @Test("--json gives programs what the documentation promises, and nothing else on stdout")
  func json() throws {
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

  @Test(
    "show --manifest prints the bytes whose SHA-256 is the id",
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/sha256sum"), "needs sha256sum"))
  func manifest() throws {
    let place = try place()
    let id = try place.json("create t --spec t.yaml --seed 3")["id"]?.stringValue
    try place.folder.write("manifest", place.succeed("show t --manifest").output)
    let sum = try ChildProcess("/usr/bin/sha256sum", ["manifest"], in: place.folder.url.path).wait()
    #expect("sha256:" + sum.output.prefix(64) == id)
  }

  @Test("get writes slices, formats and standard output")
  func get() throws {
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
    // The ending of the file says which format is meant.
    try place.succeed("get t --tensor w -o other.npy")
    #expect(try place.folder.bytes("other.npy") == place.folder.bytes("w.npy"))
    // Nothing is replaced without being told to.
    try place.folder.write("kept", "old")
    let kept = try place.run("get t -o kept")
    #expect(kept.status == 74)
    #expect(kept.errors == "error: cannot write kept: File exists; --force replaces it\n")
    #expect(try place.folder.bytes("kept") == Array("old".utf8))
    try place.succeed("get t -o kept --force")
    #expect(try place.folder.bytes("kept") == place.folder.bytes("t-v1.safetensors"))
  }

  @Test("verify finds a changed file and a changed registry, and exits with 1")
  func mismatch() throws {
    let place = try place()
    try place.succeed("create t --spec t.yaml --seed 3")
    try place.succeed("create u --spec t.yaml --seed 4")
    try place.succeed("get t -o t.safetensors")
    let other = try place.run("verify u --against t.safetensors")
    #expect(other.status == 1)
    #expect(other.output.contains("u:v1 against t.safetensors  MISMATCH"))
    #expect(other.output.contains("`w`: 32 of 32 elements differ; first at [0, 0] (element 0): "))
    #expect(other.output.contains("likely: the values of seed 3"))

    // One byte of the blob in the registry file itself.
    try place.succeed("get u --tensor w --format raw -o u.raw")
    let file = try place.folder.bytes("winit.sqlite"), raw = try place.folder.bytes("u.raw")
    let offset = try #require(Data(file).firstRange(of: Data(raw))?.lowerBound)
    try overwrite(place.folder.path("winit.sqlite"), at: offset + 42, with: [raw[42] ^ 1])
    let damaged = try place.run("verify --all")
    #expect(damaged.status == 1)
    #expect(damaged.output.contains("t:v1  ok"))
    #expect(damaged.output.contains("u:v1  MISMATCH"))
    #expect(
      damaged.output.contains(
        "`w`: 1 of its 1 chunks (bytes 0 to 127) are stored with other bytes; first at [1, 2] (element 10): ")
    )
    #expect(try place.run("verify u --regenerate").status == 0)
    #expect(try place.run("verify u --stored").status == 1)
    let rescued = try place.run("get u --tensor w --format raw -o again.raw")
    #expect(rescued.status == 0)
    #expect(rescued.errors.contains("the stored bytes of tensor `w` are damaged"))
    #expect(try place.folder.bytes("again.raw") == raw)
  }

  @Test(
    "what is wrong is said on stderr with the documented status, and changes nothing",
    arguments: [
      ("create t --seed 1", 64, "--spec"), ("create t --spec t.yaml --seed -1", 64, "--seed"),
      ("create t --spec t.yaml --seed 18446744073709551616", 64, "--seed"),
      ("create t --spec t.yaml", 64, "--seed"),
      ("create t:v1 --spec t.yaml --seed 1", 64, "`t:v1` cannot be a run's name"),
      ("create t --spec t.yaml --seed 1 --dtype int8", 64, "--dtype int8 is not float64"),
      ("create t --spec t.yaml --seed 1 --threads 0", 64, "--threads is 0"),
      ("create t --spec none.yaml --seed 1", 66, "none.yaml"),
      ("create t --spec bad.yaml --seed 1", 65, "bad.yaml:1: tensor `w`: no rule matches it"),
      (
        "create t --spec t.yaml --like none.safetensors --seed 1", 66,
        "cannot open none.safetensors: No such file or directory"
      ),
      ("create t --spec t.yaml --like bad.yaml --seed 1", 65, "bad.yaml: not a safetensors file"),
      ("create t --spec t.yaml --seed 1 --registry bad.yaml", 65, "bad.yaml is not a registry"),
      (
        "create t --spec t.yaml --seed 1 --registry no/such/r", 66,
        "cannot make a registry at no/such/r: there is no such folder"
      ),
      ("frobnicate", 64, "frobnicate"), ("list --registry none", 66, "there is no registry at none"),
      ("list", 66, "there is no registry at winit.sqlite"),
      ("show x --registry r", 66, "there is no run `x` in r; `list` shows what is there"),
      ("show t:v9 --registry r", 66, "did you mean `t:v1`?"),
      ("show sha256:zz --registry r", 64, "is not a reference"),
      ("show t@v1 --registry r", 64, "is not a reference"),
      ("show t --json --manifest --registry r", 64, "--manifest and --json"),
      ("get t --tensor v --registry r -o out", 66, "t:v1 has no tensor `v`"),
      ("get t --slice 9 --tensor w --registry r -o out", 64, "tensor `w`: index 9 is out of range"),
      ("get t --slice 0 --tensor w --registry r", 64, "-o PATH"),
      ("get t --force -o r --registry r", 74, "cannot replace the registry itself, r"),
      ("create t --spec huge.yaml --seed 1 --registry new", 65, "larger than 16 TiB"),
      ("create t --spec . --seed 1", 74, "cannot read .: Is a directory"),
      ("create t --spec t.yaml/x --seed 1", 66, "Not a directory"),
      ("list --registry :memory:", 66, "there is no registry at :memory:"),
      ("get t --slice x --registry r -o out", 64, "is not a slice"),
      ("get t --format npy --registry r -o out", 64, "npy holds one tensor"),
      ("get t --format bin --registry r -o out", 64, "bin"),
      ("get t --registry r -o no/such/out", 66, "no/such/out"),
      ("get t --registry r -o - --json", 64, "standard output"),
      ("verify --registry r", 64, "give runs, or --all"),
      ("verify t --all --registry r", 64, "give runs, or --all"),
      ("verify t --stored --regenerate --registry r", 64, "give one of"),
      ("verify t t --against x --registry r", 64, "with one run"),
      ("verify t --against none --registry r", 66, "cannot open none"),
      ("verify t --against bad.yaml --registry r", 65, "not a safetensors file"),
      ("verify recipe --stored --registry r", 64, "recipe-only"),
    ] as [(String, Int32, String)])
  func errors(words: String, status: Int32, message: String) throws {
    let place = try place()
    try place.folder.write("bad.yaml", "tensors: {w: [2]}\nrules: []\n")
    try place.folder.write(
      "huge.yaml", "tensors: {w: [4503599627370496, 128]}\nrules: [{match: w, init: zeros}]\n")
    try place.succeed("create t --spec t.yaml --seed 1 --registry r")
    try place.succeed("create recipe --recipe-only --spec t.yaml --seed 1 --registry r")
    let before = try (place.folder.contents(), place.folder.bytes("r"))
    let outcome = try place.run(words)
    #expect(outcome.status == status, "\(outcome.errors)")
    #expect(outcome.errors.contains(message), "\(outcome.errors)")
    #expect(outcome.output == "")
    #expect(try place.folder.contents() == before.0)
    #expect(try place.folder.bytes("r") == before.1)
  }

  @Test("the registry is the option's, else the environment's, else winit.sqlite")
  func registry() throws {
    let place = try place()
    let create = "create t --spec t.yaml --seed 1"
    #expect(try place.run(create + " --registry a", environment: ["WINIT_REGISTRY": "b"]).status == 0)
    #expect(try place.run(create, environment: ["WINIT_REGISTRY": "b"]).status == 0)
    #expect(try place.run(create).status == 0)
    for name in ["a", "b", "winit.sqlite"] { #expect(place.folder.exists(name)) }
  }

  @Test("a spec's warnings go to stderr, and the create succeeds")
  func warning() throws {
    let place = try place(
      tiny.replacingOccurrences(of: "rules: [", with: "rules: [{match: zz, init: ones}, "))
    let outcome = try place.succeed("create t --spec t.yaml --seed 1 --json")
    #expect(outcome.errors.hasPrefix("warning: t.yaml:2: the rule for `zz` matches no tensor"))
    _ = try JSONValue(parsing: outcome.output)
  }

  @Test("the dtype asked for changes floating-point tensors alone")
  func dtype() throws {
    let place = try place(
      "tensors: {w: [2], own: {shape: [1], dtype: float64}, n: {shape: [], dtype: int64}}\nrules: [{match: '*', init: zeros}]"
    )
    try place.succeed("create t --spec t.yaml --seed 1 --dtype bf16")
    let dtypes = try place.json("show t")["tensors"]?.arrayValue?.map { $0["dtype"]?.stringValue }
    #expect(dtypes == ["bfloat16", "float64", "int64"])
  }

  @Test("help and version name the exit codes and the subcommands")
  func workLoop() throws {
    let place = try place()
    let help = try place.succeed("--help").output
    for word in ["create", "get", "verify", "list", "show", "EXIT STATUS", "130", "WINIT_REGISTRY"] {
      #expect(help.contains(word))
    }
    #expect(try place.succeed("--version").output.split(separator: ".").count == 3)
  }

  /// Runs a shell in the workplace, with the command in $W.
  private func shell(_ place: Workplace, _ script: String) throws -> Outcome {
    try ChildProcess(
      "/bin/sh", ["-c", script], in: place.folder.url.path,
      environment: ["W": Command.path, "WINIT_REGISTRY": ""]
    ).wait()
  }

  @Test(
    "a reader that stops early changes no exit status; a full disk is an error; a closed stderr is neither")
  func streams() throws {
    let place = try place()
    try place.succeed("create t --spec t.yaml --seed 3")
    try place.succeed("create u --spec t.yaml --seed 4")
    try place.succeed("get t -o t.safetensors")
    let script = #"{ "$W" verify u --against t.safetensors; echo $? > status; } | true; cat status"#
    #expect(try shell(place, script).output == "1\n")
    #expect(
      try shell(place, #"{ "$W" get t --tensor w --format raw -o -; echo $? > status; } | true; cat status"#)
        .output == "0\n")
    #expect(try shell(place, #""$W" show nothing 2>&-"#).status == 66)
    #if os(Linux)
      for words in [
        "list", "list --json", "show t", "show t --manifest", "verify t", "get t --tensor w -o -",
      ] {
        let outcome = try shell(place, #""$W" \#(words) > /dev/full"#)
        #expect(outcome.status == 74, "\(words)")
        #expect(outcome.errors == "error: cannot write standard output: No space left on device\n")
      }
      #expect(try shell(place, #""$W" show nothing 2> /dev/full"#).status == 66)
    #endif
  }

  @Test("a spec may come through a pipe")
  func pipe() throws {
    let place = try place()
    #expect(try shell(place, #"cat t.yaml | "$W" create t --spec /dev/stdin --seed 1"#).status == 0)
  }

  @Test("one run that cannot be read does not keep the others from being verified")
  func unreadable() throws {
    let place = try place()
    for name in ["a", "b", "c"] { try place.succeed("create \(name) --spec t.yaml --seed 1") }
    let file = try place.folder.bytes("winit.sqlite")
    // The shape of b's tensor w, in text.
    let shapes = Data(file).ranges(of: Data("[4,8]{".utf8)).map(\.lowerBound)
    #expect(shapes.count == 3)
    try overwrite(place.folder.path("winit.sqlite"), at: shapes.sorted()[1], with: [UInt8(ascii: "x")])
    let outcome = try place.run("verify --all")
    #expect(outcome.status == 65)
    #expect(outcome.errors.contains("error: b:v1: "))
    #expect(outcome.output.contains("a:v1  ok") && outcome.output.contains("c:v1  ok"))
    #expect(try place.run("verify b").status == 65)
  }

  @Test("every kernel there is can be forced, and gives the same id; one that is not there is refused")
  func kernels() throws {
    let place = try place(smallSpec)
    let version = try place.json("version")
    let kernels = (version["kernels"]?.arrayValue ?? []).compactMap(\.stringValue)
    #expect(kernels.contains("scalar") && kernels.contains(version["kernel"]?.stringValue ?? ""))
    var ids: Set<String> = []
    for kernel in kernels {
      let environment = ["WINIT_KERNEL": kernel]
      #expect(
        try place.run("version", environment: environment).output.contains("kernel          \(kernel) (of"))
      let outcome = try place.run("create \(kernel) --spec t.yaml --seed 9 --json", environment: environment)
      ids.insert(try JSONValue(parsing: outcome.output)["id"]?.stringValue ?? "")
    }
    #expect(ids.count == 1)
    for name in ["mmx", "neon", "avx2"] where !kernels.contains(name) {
      let refused = try place.run("version", environment: ["WINIT_KERNEL": name])
      #expect(refused.status == 64)
      #expect(
        refused.errors.hasPrefix("error: WINIT_KERNEL is `\(name)`, which is no kernel")
          || refused.errors.contains("does not have"))
    }
  }
}
