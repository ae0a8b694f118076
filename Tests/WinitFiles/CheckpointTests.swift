import Testing
import WinitCore
import WinitFiles
import WinitTestSupport

/// A .safetensors file of U8 tensors, each of one byte.
private func shard(_ names: [String]) -> [UInt8] {
  let entries = names.enumerated().map {
    #""\#($1)":{"dtype":"U8","shape":[1],"data_offsets":[\#($0),\#($0 + 1)]}"#
  }
  let text = Array("{\(entries.joined(separator: ","))}".utf8)
  return (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) } + text
    + names.indices.map { UInt8($0) }
}

@Suite struct CheckpointTests {
  @Test("a sharded checkpoint is read by its index, each tensor from its file")
  func sharded() throws {
    let folder = try TemporaryFolder()
    try folder.write("m-1.safetensors", shard(["a", "b"]))
    try folder.write("m-2.safetensors", shard(["c", "extra"]))  // which readers of whole files see too
    let index = try folder.write(
      "model.safetensors.index.json",
      #"{"metadata":{"total_size":3},"weight_map":{"c":"m-2.safetensors","a":"m-1.safetensors","b":"m-1.safetensors"}}"#
    )
    let entries = try Checkpoint(index).entries
    #expect(entries.map(\.name) == ["c", "a", "b", "extra"])
    #expect(try entries.map { try $0.file.bytes(at: $0.offset, count: 1) } == [[0], [0], [1], [1]])
  }

  @Test(
    "an index that does not fit its files is refused",
    arguments: [
      (#"{"weight_map":{"z":"m-1.safetensors"}}"#, "`z` is not in `m-1.safetensors`"),
      (#"{"weight_map":{"a":"../m-1.safetensors"}}"#, "not the name of a file beside the index"),
      (#"{"weight_map":{"a":"/etc/passwd"}}"#, "not the name of a file beside the index"),
      // A slash and an accent after it are one character to Swift, two to a file system.
      (#"{"weight_map":{"a":"../\u0301m-1.safetensors"}}"#, "not the name of a file beside the index"),
      (#"{"weight_map":{"a":"m-1.safetensors\u0000"}}"#, "not the name of a file beside the index"),
      (#"{"weight_map":{"a":1}}"#, "is not a string"), (#"{"weights":{}}"#, "no `weight_map`"),
      ("[", "not valid JSON"),
      (#"{"weight_map":{"a":"m-1.safetensors","a":"m-1.safetensors"}}"#, "stands twice"),
    ])
  func refused(index: String, reason: String) throws {
    let folder = try TemporaryFolder()
    try folder.write("m-1.safetensors", shard(["a", "b"]))
    let path = try folder.write("x.index.json", index)
    let error = #expect(throws: FormatError.self) { try Checkpoint(path) }
    #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
  }

  @Test("files whose names are two spellings of one are two files")
  func spellings() throws {
    let folder = try TemporaryFolder()
    try folder.write("\u{E9}", shard(["a"]))
    try folder.write("e\u{301}", shard(["b"]))
    let index = try folder.write("i.json", #"{"weight_map":{"a":"\u00e9","b":"e\u0301"}}"#)
    #expect(try Checkpoint(index).entries.map(\.name) == ["a", "b"])
  }

  @Test("a missing shard is named")
  func missing() throws {
    let folder = try TemporaryFolder()
    let index = try folder.write("x.index.json", #"{"weight_map":{"a":"gone.safetensors"}}"#)
    let error = #expect(throws: FileError.self) { try Checkpoint(index) }
    #expect(error?.path == folder.path("gone.safetensors"))
  }

  @Test("a tensor that two files hold and the index does not name is refused")
  func twice() throws {
    let folder = try TemporaryFolder()
    try folder.write("1.safetensors", shard(["a", "x"]))
    try folder.write("2.safetensors", shard(["b", "x"]))
    let index = try folder.write("i.json", #"{"weight_map":{"a":"1.safetensors","b":"2.safetensors"}}"#)
    let error = #expect(throws: FormatError.self) { try Checkpoint(index) }
    #expect(error?.description.contains("`x` is in two of its files") == true)
  }
}
