// verify --against with parts of runs, ties, prefixes, rounded values and given bytes.

import Foundation
import Testing
import WinitCore
import WinitRegistry
import WinitTestSupport

private let spec = """
  tensors:
    wte: [600, 700]
    head: {shape: [600, 700], init: {scheme: same_as, of: wte}}
    h.0.w: [6, 4]
    h.1.w: [6, 4]
    table: {shape: [4], init: {scheme: literal, values: [1, 0.1, 0.01, 0.001]}}
  rules: [{match: "*", init: {scheme: normal, std: 0.02}}]
  """

/// A run of `spec`, and checkpoints of its tensors.
private struct Compared {
  let fixture: Fixture
  let run: Run
  var registry: Registry { fixture.registry }

  init(recipeOnly: Bool = false) throws {
    fixture = try Fixture()
    run = try fixture.create("m", spec, recipeOnly: recipeOnly)
  }

  func tensor(_ name: String, as other: String? = nil) throws -> SafetensorsFixture {
    let tensor = try #require(try registry.tensors(of: run).first { $0.name == name })
    return (other ?? name, tensor.shape, try registry.bytes(of: name, in: run))
  }

  func all(prefix: String = "") throws -> [SafetensorsFixture] {
    try registry.tensors(of: run).map { try tensor($0.name, as: prefix + $0.name) }
  }

  /// Compares a checkpoint of float32 tensors with the run.
  func verify(
    _ tensors: [SafetensorsFixture], dtype: String = "F32", _ configure: (inout ComparisonOptions) -> Void = { _ in }
  ) throws -> Verification {
    let path = fixture.folder.path("x.safetensors")
    try writeSafetensors(path, tensors, dtype: dtype)
    return try verify(path, configure)
  }

  func verify(_ path: String, _ configure: (inout ComparisonOptions) -> Void = { _ in }) throws -> Verification {
    var options = ComparisonOptions()
    configure(&options)
    return try registry.verify(run, against: path, options: options)
  }
}

private func floats(_ values: [Float]) -> [UInt8] {
  values.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } }
}

@Suite struct ComparisonTests {
  @Test(arguments: ["head", "wte"])
  func `a tensor may be absent if a tensor with the same values is there, whichever is tied`(absent: String) throws {
    let compared = try Compared()
    let held = absent == "head" ? "wte" : "head"
    let result = try compared.verify(compared.all().filter { $0.name != absent })
    #expect(result.matches)
    #expect(
      result.coverage?.tied.map(\.name.string) == [absent] && result.coverage?.tied.map(\.heldAs.string) == [held])
    // The values under the other name are compared.
    var changed = try compared.all().filter { $0.name != absent }
    let index = try #require(changed.firstIndex { $0.name == held })
    changed[index].bytes[4 * 1234] ^= 1
    let findings = try compared.verify(changed).findings
    #expect(findings.map(\.tensor) == [held] && findings[0].difference?.element == 1234)
    // Selecting only the absent tensor compares the other in its place.
    let selected = try compared.verify(changed) { $0.tensors = [absent] }.findings
    #expect(selected.map(\.tensor) == [absent] && selected[0].difference?.element == 1234)
    // Without either, both are missing.
    let neither = try compared.verify(compared.all().filter { $0.name != "head" && $0.name != "wte" }).findings
    #expect(neither.map(\.kind) == [.missing, .missing])
  }

  @Test func `a subset may lack tensors, which are listed, and what it holds must match`() throws {
    let compared = try Compared()
    let stage = [try compared.tensor("h.1.w")]
    #expect(try compared.verify(stage).findings.map(\.kind) == [.missing, .missing, .missing, .missing])
    let result = try compared.verify(stage) { $0.isSubset = true }
    #expect(result.matches && result.absentTensors == ["wte", "head", "h.0.w", "table"])
    #expect(result.coverage?.comparedTensors == 1 && result.scope.contains("a part of the run"))
    var changed = stage
    changed[0].bytes[0] ^= 1
    changed.append(("extra", [1], [0, 0, 0, 0]))
    #expect(try compared.verify(changed) { $0.isSubset = true }.findings.map(\.kind) == [.unexpected, .values])
  }

  @Test func `a file that holds none of the tensors does not match, also as a subset`() throws {
    let compared = try Compared()
    let findings = try compared.verify([]) { $0.isSubset = true }.findings
    #expect(findings.map(\.kind) == [.missing] && findings[0].tensor == nil)
  }

  @Test func `patterns select the tensors that are compared, and all others may differ`() throws {
    let compared = try Compared()
    var tensors = [try compared.tensor("h.0.w"), ("wte", [1], [0, 0, 0, 0]), ("other", [1], [0, 0, 0, 0])]
    let result = try compared.verify(tensors) { $0.tensors = ["h.0.*"] }
    #expect(result.matches && result.coverage?.comparedTensors == 1)
    #expect(try compared.verify(tensors) { $0.tensors = ["h.?.w"] }.findings.map(\.tensor) == ["h.1.w"])
    tensors.append(("h.2.w", [1], [0, 0, 0, 0]))
    #expect(
      try compared.verify(tensors) { $0.tensors = ["h.*", "table"] }.findings.map { "\($0.kind) \($0.tensor ?? "")" }
        == ["missing h.1.w", "missing table", "unexpected h.2.w"])
    let error = expectError(.tensorNotFound) { try compared.verify(tensors) { $0.tensors = ["h.*", "g.*"] } }
    #expect(error?.message.contains("`g.*`") == true)
  }

  @Test(arguments: [true, false], ["250:260,3:5", "-1", ":,699:", "0:600,0", "17,21"])
  func `a slice is compared with the slice that the file holds, and with the file's whole tensor`(
    recipeOnly: Bool, slice: String
  ) throws {
    let compared = try Compared(recipeOnly: recipeOnly)
    let path = compared.fixture.folder.path("slice.safetensors")
    let slice = try TensorSlice(slice)
    try compared.registry.export(
      compared.run, TensorSelection(tensors: ["wte"], slice: slice), to: path, replacing: true)
    #expect(try compared.verify(path) { ($0.tensors, $0.slice) = (["wte"], slice) }.matches)
    var whole = try compared.tensor("wte")
    #expect(try compared.verify([whole]) { ($0.tensors, $0.slice) = (["wte"], slice) }.matches)
    // A change outside the slice does not matter. 100 is in none of the slices.
    whole.bytes[4 * 100] ^= 1
    #expect(try compared.verify([whole]) { ($0.tensors, $0.slice) = (["wte"], slice) }.matches)
    #expect(try compared.verify(path) { $0.tensors = ["wte"] }.findings.map(\.kind) == [.shape])
  }

  @Test func `a difference in a slice is named by its place in the tensor of the run`() throws {
    let compared = try Compared()
    let path = compared.fixture.folder.path("slice.safetensors")
    let slice = try TensorSlice("400:500,10:20")
    try compared.registry.export(compared.run, TensorSelection(tensors: ["wte"], slice: slice), to: path)
    var bytes = try compared.fixture.folder.bytes("slice.safetensors")
    // Element [77, 3] and the last of 100 × 10, at the end of the file.
    for element in [773, 999] { bytes[bytes.count - 4000 + 4 * element + 3] ^= 0x80 }
    try compared.fixture.folder.write("slice.safetensors", bytes)
    let findings = try compared.verify(path) { ($0.tensors, $0.slice) = (["wte"], slice) }.findings
    try #require(findings.count == 1)
    #expect(findings[0].difference?.coordinates == [477, 13] && findings[0].difference?.count == 2)
    #expect(findings[0].message.hasPrefix("2 of 1000 elements differ"))
    let value = try compared.registry.floats(of: "wte", in: compared.run, slice: TensorSlice("477,13"))[0]
    #expect(findings[0].difference?.expected == "\(value)" && findings[0].difference?.found == "\(-value)")
    expectError(.invalidSlice) { try compared.verify(path) { $0.slice = slice } }  // of `table`
  }

  @Test(arguments: [true, false])
  func `one rank's shard is compared with its box of each tensor, and a folder of all shards as a whole`(
    recipeOnly: Bool
  ) throws {
    let compared = try Compared(recipeOnly: recipeOnly)
    let folder = compared.fixture.folder
    let bytes = try compared.tensor("wte").bytes
    // Columns 0 to 299 and 300 to 699 of 600 rows of 700.
    for (rank, columns) in [0..<300, 300..<700].enumerated() {
      var data: [UInt8] = []
      for row in 0..<600 {
        let start = 4 * (700 * row + columns.lowerBound)
        data += bytes[start..<start + 4 * columns.count]
      }
      let header =
        #"{"__metadata__":{"DCP_SHARDING_INFO":"{\"wte\": {\"saved_offsets\": [0, \#(columns.lowerBound)]}}"},"wte":{"dtype":"F32","shape":[600,\#(columns.count)],"data_offsets":[0,\#(data.count)]}}"#
      try folder.write("shards-\(rank).safetensors", safetensors(header: header, data: data))
      let path = folder.path("shards-\(rank).safetensors")
      let result = try compared.verify(path) { $0.isSubset = true }
      #expect(result.matches && result.coverage?.comparedTensors == 1)
      let alone = try compared.verify(path) { $0.tensors = ["wte"] }
      #expect(alone.findings.map(\.kind) == [.shape] && alone.findings[0].likelyCause?.contains("--subset") == true)
    }
    try FileManager.default.createDirectory(atPath: folder.path("all"), withIntermediateDirectories: true)
    for rank in 0..<2 {
      try FileManager.default.copyItem(
        atPath: folder.path("shards-\(rank).safetensors"), toPath: folder.path("all/\(rank).safetensors"))
    }
    #expect(try compared.verify(folder.path("all")) { $0.tensors = ["wte", "head"] }.matches)
    // Row 599, column 299 is the last element of rank 0.
    var changed = try folder.bytes("shards-0.safetensors")
    changed[changed.count - 1] ^= 0x80
    let path = try folder.write("all/0.safetensors", changed)
    for (file, subset) in [(path, true), (folder.path("all"), false)] {
      let findings = try compared.verify(file) { ($0.tensors, $0.isSubset) = (["wte"], subset) }.findings
      #expect(findings.count == 1 && findings.first?.difference?.coordinates == [599, 299])
    }
  }

  @Test(arguments: [
    // 0.1, 1/3 and 65519 in binary32; their bits in binary16 and bfloat16 by NumPy and ml_dtypes.
    ("F16", [0x66, 0x2E, 0x55, 0x35, 0xFF, 0x7B] as [UInt8]), ("BF16", [0xCD, 0x3D, 0xAB, 0x3E, 0x80, 0x47]),
  ])
  func `rounded values match only with allowsCast, and other values do not match`(dtype: String, bytes: [UInt8]) throws
  {
    let fixture = try Fixture()
    let run = try fixture.create(
      "m", "tensors: {w: {shape: [3], init: {scheme: literal, values: [0.1, 1 / 3, 65519]}}}")
    let path = fixture.folder.path("x.safetensors")
    try writeSafetensors(path, [("w", [3], bytes)], dtype: dtype)
    var options = ComparisonOptions()
    let refused = try fixture.registry.verify(run, against: path)
    #expect(refused.findings.map(\.kind) == [.dtype] && refused.findings[0].message.contains("--cast"))
    options.allowsCast = true
    let result = try fixture.registry.verify(run, against: path, options: options)
    #expect(result.matches && result.coverage?.casts.map(\.tensors) == [1] && result.scope.contains("rounded"))
    var changed = bytes
    changed[2] ^= 1
    try writeSafetensors(path, [("w", [3], changed)], dtype: dtype)
    let findings = try fixture.registry.verify(run, against: path, options: options).findings
    #expect(findings.map(\.kind) == [.values] && findings[0].difference?.coordinates == [1])
    try writeSafetensors(path, [("w", [3], [1, 2, 3])], dtype: "I8")
    #expect(try fixture.registry.verify(run, against: path, options: options).findings.map(\.kind) == [.dtype])
  }

  @Test func `values saved at a wider dtype match with allowsCast, and the finding without it says so`() throws {
    let fixture = try Fixture()
    let run = try fixture.importRun("m", [("w", [2], floats([0.1, -3]))])
    let path = fixture.folder.path("x.safetensors")
    // The binary64 values of Float(0.1) and -3, by struct.pack.
    let wide: [UInt8] = [0, 0, 0, 0xA0, 0x99, 0x99, 0xB9, 0x3F, 0, 0, 0, 0, 0, 0, 0x08, 0xC0]
    try writeSafetensors(path, [("w", [2], wide)], dtype: "F64")
    let refused = try fixture.registry.verify(run, against: path)
    #expect(refused.findings.map(\.kind) == [.dtype] && refused.findings[0].message.contains("--cast"))
    var options = ComparisonOptions()
    options.allowsCast = true
    #expect(try fixture.registry.verify(run, against: path, options: options).matches)
  }

  @Test func `any NaN is the rounded value of a NaN, and infinity is not`() throws {
    let fixture = try Fixture()
    let run = try fixture.importRun("m", [("w", [2], floats([Float(bitPattern: 0xFFC1_2345), 1]))])
    let path = fixture.folder.path("x.safetensors")
    var options = ComparisonOptions()
    options.allowsCast = true
    for (bits, count) in [([0x01, 0x7E] as [UInt8], 0), ([0x00, 0x7C], 1)] {
      try writeSafetensors(path, [("w", [2], bits + [0x00, 0x3C])], dtype: "F16")
      #expect(try fixture.registry.verify(run, against: path, options: options).findings.count == count)
    }
  }

  @Test(arguments: ["model.", "_orig_mod.module."])
  func `a prefix of all names is the likely cause, and without it the values are compared`(prefix: String) throws {
    let compared = try Compared()
    let path = compared.fixture.folder.path("prefixed.safetensors")
    try writeSafetensors(path, compared.all(prefix: prefix))
    let findings = try compared.verify(path).findings
    #expect(findings.count == 10)
    #expect(findings[0].likelyCause?.contains("the file begin with `\(prefix)`") == true)
    #expect(try compared.verify(path) { $0.strippedPrefix = prefix }.matches)
    // The reverse: the names of an imported run have the prefix, and those of the file do not.
    let imported = try compared.registry.importCheckpoint(path, as: "prefixed").run
    let plain = compared.fixture.folder.path("plain.safetensors")
    try writeSafetensors(plain, compared.all())
    let reversed = try compared.registry.verify(imported, against: plain)
    #expect(reversed.findings[0].likelyCause?.contains("the run begin with `\(prefix)`") == true)
    var options = ComparisonOptions()
    options.strippedPrefix = prefix
    #expect(try compared.registry.verify(imported, against: plain, options: options).matches)
  }

  @Test(arguments: ["0:0", "5:2", "9:,1:1"])
  func `a slice without elements, which would match any file, is an error`(slice: String) throws {
    let compared = try Compared()
    let tensors = try compared.all()
    let options = try TensorSlice(slice)
    expectError(.invalidArgument) {
      try compared.verify(tensors) { ($0.slice, $0.tensors) = (options, ["wte", "h.*"]) }
    }
  }

  @Test func `a prefix of all names of a file is the likely cause, also if one is not in the run`()
    throws
  {
    let compared = try Compared()
    let names = ["h.0.w", "h.1.w", "table"]
    let imported = try compared.fixture.importRun("part", names.map { try compared.tensor($0) })
    let path = compared.fixture.folder.path("prefixed.safetensors")
    // As torch.compile names them, with a head that the run does not have.
    try writeSafetensors(path, (names + ["head"]).map { try compared.tensor($0, as: "_orig_mod." + $0) })
    var options = ComparisonOptions()
    for (prefix, isSubset) in [(nil, false), (nil, true), ("_orig_mod", false)] as [(String?, Bool)] {
      (options.strippedPrefix, options.isSubset) = (prefix, isSubset)
      let findings = try compared.registry.verify(imported, against: path, options: options).findings
      #expect(findings.first?.likelyCause?.contains("--strip-prefix '_orig_mod.'") == true, "\(prefix ?? "")")
    }
    // Most names differ by more than a prefix.
    try writeSafetensors(path, (["wte", "head", "table"]).map { try compared.tensor($0, as: "_orig_mod." + $0) })
    #expect(try compared.registry.verify(imported, against: path).findings.allSatisfy { $0.likelyCause == nil })
  }

  @Test func `a prefix that no name has, or without which two names are equal, is an error`() throws {
    let compared = try Compared()
    expectError(.invalidArgument) { try compared.verify(compared.all()) { $0.strippedPrefix = "model." } }
    expectError(.invalidArgument) { try compared.verify(compared.all()) { $0.strippedPrefix = "" } }
    let both = try compared.all() + [compared.tensor("wte", as: "model.wte")]
    expectError(.invalidArgument) { try compared.verify(both) { $0.strippedPrefix = "model." } }
  }

  @Test func `names that save_model removed are compared with the tensors that it kept`() throws {
    let compared = try Compared()
    let imported = try compared.fixture.importRun(
      "tied", [("a", [1], floats([1])), ("b", [1], floats([1])), ("c", [1], floats([2]))])
    func file(_ value: Float, c: Float) -> [UInt8] {
      safetensors(
        header:
          #"{"__metadata__":{"b":"a","format":"pt"},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"c":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
        data: floats([value, c]))
    }
    let path = try compared.fixture.folder.write("saved.safetensors", file(1, c: 2))
    let result = try compared.registry.verify(imported, against: path)
    #expect(result.matches && result.coverage?.tied.map(\.heldAs.string) == ["a"])
    try compared.fixture.folder.write("saved.safetensors", file(3, c: 2))
    #expect(try compared.registry.verify(imported, against: path).findings.map(\.tensor) == ["a", "b"])
    // The run has the tensor only under the name that was removed, as `save_pretrained` names it.
    let removed = try compared.fixture.importRun("removed", [("b", [1], floats([3])), ("c", [1], floats([2]))])
    #expect(try compared.registry.verify(removed, against: path).matches)
    try compared.fixture.folder.write("saved.safetensors", file(4, c: 2))
    #expect(try compared.registry.verify(removed, against: path).findings.map(\.tensor) == ["b"])
    let neither = try compared.fixture.importRun("neither", [("c", [1], floats([2]))])
    #expect(try compared.registry.verify(neither, against: path).findings.map(\.tensor) == ["a"])
    try compared.fixture.folder.write("saved.safetensors", file(3, c: 2))
    // A run without the removed name gets no finding about it.
    let kept = try compared.fixture.importRun("kept", [("a", [1], floats([3])), ("c", [1], floats([2]))])
    #expect(try compared.registry.verify(kept, against: path).matches)
  }

  @Test func `a difference of a literal, or of an imported run, names the element and both values`() throws {
    let compared = try Compared(recipeOnly: true)
    var tensors = try compared.all()
    let index = try #require(tensors.firstIndex { $0.name == "table" })
    tensors[index].bytes = floats([1, 0.2, 0.01, 0.001])
    let imported = try compared.fixture.importRun("imported", compared.all())
    let literal = try compared.verify(tensors).findings
    let path = compared.fixture.folder.path("x.safetensors")
    for findings in [literal, try compared.registry.verify(imported, against: path).findings] {
      #expect(findings.map(\.tensor) == ["table"] && findings.first?.difference?.coordinates == [1])
      #expect(findings.first?.difference?.expected == "0.1" && findings.first?.difference?.found == "0.2")
    }
  }

  @Test func `the finding says so if the registry does not have the recorded bytes`() throws {
    let compared = try Compared()
    let tensors = try compared.all()
    try compared.fixture.damage("table")
    #expect(try compared.verify(tensors).matches)
    var changed = tensors
    let index = try #require(changed.firstIndex { $0.name == "table" })
    changed[index].bytes[0] ^= 1
    let findings = try compared.verify(changed).findings
    #expect(findings.map(\.tensor) == ["table"] && findings[0].difference == nil)
    #expect(findings[0].message.contains("does not have the recorded bytes"))
    // A slice needs the recorded bytes, so it cannot match.
    let sliced = try compared.verify(tensors) { ($0.tensors, $0.slice) = (["table"], try? TensorSlice("0:1")) }
    #expect(sliced.findings.map(\.kind) == [.values])
  }

  @Test func `tensors that the spec skips are recorded, and are not unexpected`() throws {
    let fixture = try Fixture()
    let like = fixture.folder.path("like.safetensors")
    try writeSafetensors(like, [("w", [2], floats([1, 2])), ("rope.inv_freq", [1], floats([3]))])
    let spec = "like: \(like)\nrules: [{match: 'rope.*', init: skip}, {match: w, init: {scheme: literal, from: like}}]"
    let run = try fixture.create("m", spec)
    #expect(try fixture.registry.details(of: run).skipped == ["rope.inv_freq"])
    let result = try fixture.registry.verify(run, against: like)
    #expect(result.matches && result.skippedTensors == ["rope.inv_freq"])
    // An export to a bundle and its import keep the names, and the id is that of a run without them.
    try fixture.registry.exportBundle([run], to: fixture.folder.path("b"))
    let other = try Fixture()
    let copy = try other.registry.importBundle(fixture.folder.path("b")).runs[0]
    #expect(try other.registry.details(of: copy).skipped == ["rope.inv_freq"])
    #expect(try fixture.create("n", "tensors: {w: {shape: [2], init: {scheme: literal, values: [1, 2]}}}").id == run.id)
  }
}
