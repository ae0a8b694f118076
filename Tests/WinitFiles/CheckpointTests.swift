import Testing
import WinitCore
import WinitFiles
import WinitJSON
import WinitTestSupport

/// Returns a safetensors file of U8 tensors with one element, which is the index of the tensor.
private func shard(_ names: [String]) -> [UInt8] {
  safetensors(names.enumerated().map { (name: $1, dims: [1], bytes: [UInt8($0)]) }, dtype: "U8")
}

@Suite struct CheckpointTests {
  @Test func `a sharded checkpoint is read by its index, and each tensor from its file`() throws {
    let folder = try TemporaryFolder()
    try folder.write("m-1.safetensors", shard(["a", "b"]))
    try folder.write("m-2.safetensors", shard(["c", "extra"]))  // `extra` is not in the index
    let index = try folder.write(
      "model.safetensors.index.json",
      #"{"metadata":{"total_size":3},"weight_map":{"c":"m-2.safetensors","a":"m-1.safetensors","b":"m-1.safetensors"}}"#
    )
    let entries = try Checkpoint(index).entries
    #expect(entries.map(\.name) == ["c", "a", "b", "extra"])
    #expect(try entries.map { try $0.bytes.bytes(at: 0, count: 1) } == [[0], [0], [1], [1]])
  }

  @Test(
    arguments: [
      (#"{"weight_map":{"z":"m-1.safetensors"}}"#, .noSuchTensor("z", file: "m-1.safetensors")),
      (#"{"weight_map":{"a":"../m-1.safetensors"}}"#, .notInTheFolder(tensor: "a", file: "../m-1.safetensors")),
      (#"{"weight_map":{"a":"/etc/passwd"}}"#, .notInTheFolder(tensor: "a", file: "/etc/passwd")),
      // A slash and an accent after it are one character in Swift, and two characters in a file system.
      (
        #"{"weight_map":{"a":"../\u0301m-1.safetensors"}}"#,
        .notInTheFolder(tensor: "a", file: "../\u{301}m-1.safetensors")
      ),
      (
        #"{"weight_map":{"a":"m-1.safetensors\u0000"}}"#,
        .notInTheFolder(tensor: "a", file: "m-1.safetensors\0")
      ),
      (#"{"weight_map":{"a":1}}"#, .fileNotAString(tensor: "a")), (#"{"weights":{}}"#, .noWeightMap),
    ] as [(String, IndexProblem)])
  func `an index that does not fit its files is refused`(index: String, problem: IndexProblem) throws {
    let folder = try TemporaryFolder()
    try folder.write("m-1.safetensors", shard(["a", "b"]))
    let path = try folder.write("x.index.json", index)
    let error = #expect(throws: FormatError.self) { try Checkpoint(path) }
    #expect(error?.path == path && error?.reason == .index(problem))
  }

  @Test(
    arguments: [
      ("[", .unexpectedEnd),
      (#"{"weight_map":{"a":"m-1.safetensors","a":"m-1.safetensors"}}"#, .duplicateKey("a")),
    ] as [(String, JSONError.Reason)])
  func `an index that is not JSON, or has a duplicate key, is refused`(index: String, reason: JSONError.Reason) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("x.index.json", index)
    let error = #expect(throws: FormatError.self) { try Checkpoint(path) }
    guard case .index(.json(let json)) = error?.reason else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(json.reason == reason)
  }

  @Test func `two files whose names are two spellings of the same text are two files`() throws {
    let folder = try TemporaryFolder()
    try folder.write("\u{E9}", shard(["a"]))
    try folder.write("e\u{301}", shard(["b"]))
    let index = try folder.write("i.json", #"{"weight_map":{"a":"\u00e9","b":"e\u0301"}}"#)
    #expect(try Checkpoint(index).entries.map(\.name) == ["a", "b"])
  }

  @Test func `the error for a missing file names the file`() throws {
    let folder = try TemporaryFolder()
    let index = try folder.write("x.index.json", #"{"weight_map":{"a":"gone.safetensors"}}"#)
    let error = #expect(throws: FileError.self) { try Checkpoint(index) }
    #expect(error?.path == folder.path("gone.safetensors"))
  }

  @Test func `a tensor that is in two files, but not in the index, is refused`() throws {
    let folder = try TemporaryFolder()
    try folder.write("1.safetensors", shard(["a", "x"]))
    try folder.write("2.safetensors", shard(["b", "x"]))
    let index = try folder.write("i.json", #"{"weight_map":{"a":"1.safetensors","b":"2.safetensors"}}"#)
    let error = #expect(throws: FormatError.self) { try Checkpoint(index) }
    #expect(error?.reason == .index(.duplicateTensor("x")))
  }
}
