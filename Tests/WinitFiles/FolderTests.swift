// Folders as checkpoints, and the shards of torch's distributed checkpoint.

import Foundation
import Testing
import WinitCore
import WinitFiles
import WinitTestSupport

/// A tensor of U8 in a file, with its bytes.
private typealias Part = (name: String, dims: [Int], bytes: [UInt8])

/// Returns a file with the metadata that torch 2.13's HuggingFaceStorageWriter writes for a rank.
private func shard(_ parts: [Part], offsets: String) -> [UInt8] {
  var offset = 0
  let entries = parts.map { part in
    defer { offset += part.bytes.count }
    return
      #""\#(part.name)":{"dtype":"U8","shape":\#(part.dims),"data_offsets":[\#(offset),\#(offset + part.bytes.count)]}"#
  }
  let info = offsets.replacing("\"", with: "\\\"")
  let header =
    #"{"__metadata__":{"format":"pt","DCP_VERSION":"1.0","DCP_SHARDING_INFO":"\#(info)"},\#(entries.joined(separator: ","))}"#
  return safetensors(header: header, data: parts.flatMap(\.bytes))
}

/// The files that torch 2.13 wrote for two ranks: `row` [5, 2] divided on axis 0 and `column` [2, 5] on axis 1, each
/// with its index as its bytes, and `whole` on rank 1.
private let rank0 = shard(
  [("column", [2, 3], [0, 1, 2, 5, 6, 7]), ("row", [3, 2], [0, 1, 2, 3, 4, 5])],
  offsets: #"{"row": {"saved_offsets": [0, 0]}, "column": {"saved_offsets": [0, 0]}}"#)
private let rank1 = shard(
  [("column", [2, 2], [3, 4, 8, 9]), ("row", [2, 2], [6, 7, 8, 9]), ("whole", [2], [7, 8])],
  offsets: #"{"row": {"saved_offsets": [3, 0]}, "column": {"saved_offsets": [0, 3]}, "whole": {"saved_offsets": [0]}}"#)

private func contents(_ checkpoint: Checkpoint) throws -> [String: [UInt8]] {
  try Dictionary(
    uniqueKeysWithValues: checkpoint.entries.map {
      ($0.name.string, try $0.bytes.bytes(at: 0, count: $0.shape.byteCount($0.dtype)))
    })
}

@Suite struct FolderTests {
  @Test func `a folder is taken by its index, or without one by its .safetensors files`() throws {
    let folder = try TemporaryFolder()
    try folder.write("2.safetensors", safetensors([("b", [1], [2])], dtype: "U8"))
    try folder.write("1.safetensors", safetensors([("a", [1], [1])], dtype: "U8"))
    try folder.write("notes.txt", "x")
    try folder.write(".hidden.safetensors", "x")
    let path = folder.url.path
    #expect(try Checkpoint(path).entries.map(\.name) == ["a", "b"])
    #expect(try contents(Checkpoint(path + "/")) == ["a": [1], "b": [2]])
    try folder.write("model.safetensors.index.json", #"{"weight_map":{"b":"2.safetensors"}}"#)
    #expect(try Checkpoint(path).entries.map(\.name) == ["b"])
    try folder.write("other.safetensors.index.json", #"{"weight_map":{"a":"1.safetensors"}}"#)
    let error = #expect(throws: FormatError.self) { try Checkpoint(path) }
    #expect(
      error?.reason
        == .folder(.severalIndices(["model.safetensors.index.json", "other.safetensors.index.json"])))
  }

  @Test func `a tensor that is in two files of a folder is an error that names both files`() throws {
    let folder = try TemporaryFolder()
    for name in ["1.safetensors", "2.safetensors"] {
      try folder.write(name, safetensors([("a", [1], [1])], dtype: "U8"))
    }
    let error = #expect(throws: FormatError.self) { try Checkpoint(folder.url.path) }
    #expect(error?.reason == .folder(.duplicateTensor("a", "1.safetensors", "2.safetensors")))
  }

  @Test func `a folder without a .safetensors file is refused, and the error names a file of another format`() throws {
    let folder = try TemporaryFolder()
    #expect(throws: FormatError.self) { try Checkpoint(folder.url.path) }
    try folder.write("__0_0.distcp", "x")
    let error = #expect(throws: FormatError.self) { try Checkpoint(folder.url.path) }
    #expect(error?.reason == .folder(.noCheckpoint(("__0_0.distcp", .torchDistributed))))
  }

  @Test func `the shards of a torch distributed checkpoint are put together, on every axis`() throws {
    let folder = try TemporaryFolder()
    try folder.write("shard-00001-model-00001-of-00001.safetensors", rank0)
    try folder.write("shard-00002-model-00001-of-00001.safetensors", rank1)
    let checkpoint = try Checkpoint(folder.url.path)
    let digits = (0..<10).map { UInt8($0) }
    #expect(try contents(checkpoint) == ["row": digits, "column": digits, "whole": [7, 8]])
    #expect(checkpoint.entries.map(\.shape.dims) == [[2, 5], [5, 2], [2]])
    #expect(checkpoint.metadata.map(\.key) == ["format"] && checkpoint.warnings.isEmpty)
    // Every range of bytes, as chunks are read.
    for entry in checkpoint.entries.prefix(2) {
      for start in 0..<10 {
        for end in start...10 {
          #expect(try entry.bytes.bytes(at: start, count: end - start) == Array(digits[start..<end]))
        }
      }
    }
  }

  @Test func `shards that do not fill their tensors are refused, or kept with their offsets`() throws {
    let folder = try TemporaryFolder()
    try folder.write("2.safetensors", rank1)
    let error = #expect(throws: FormatError.self) { try Checkpoint(folder.url.path) }
    #expect(error?.reason == .sharding(.incomplete("column", try Shape([2, 5]))))
    let kept = try Checkpoint(folder.url.path, incompleteShards: .kept).entries
    #expect(kept.map(\.shardOffsets) == [[0, 3], [3, 0], [0]] && kept.map(\.shape.dims) == [[2, 2], [2, 2], [2]])
    let one = try Checkpoint(folder.path("2.safetensors"), incompleteShards: .kept)
    #expect(one.warnings.count == 1 && one.warnings[0].contains("2.safetensors"))
  }

  @Test(arguments: [
    (#"{"row": {"saved_offsets": [2, 0]}, "column": {"saved_offsets": [0, 3]}}"#, "row"),
    (#"{"row": {"saved_offsets": [3, 0]}, "column": {"saved_offsets": [1, 2]}}"#, "column"),
  ])
  func `shards that overlap are an error that names the tensor and both files`(offsets: String, name: String) throws {
    let folder = try TemporaryFolder()
    try folder.write("1.safetensors", rank0)
    try folder.write(
      "2.safetensors", shard([("column", [2, 2], [3, 4, 8, 9]), ("row", [2, 2], [6, 7, 8, 9])], offsets: offsets))
    let error = #expect(throws: FormatError.self) { try Checkpoint(folder.url.path) }
    #expect(error?.reason == .sharding(.overlap(TensorName(name), "1.safetensors", "2.safetensors")))
  }

  @Test(arguments: [
    ("[", ShardingProblem.notAnObject), (#"{"row": {"saved_offsets": [0]}}"#, .badOffsets("row")),
    (#"{"row": {"saved_offsets": [0, -1]}}"#, .badOffsets("row")), (#"{"row": {}}"#, .badOffsets("row")),
    (#"{"row": {"saved_offsets": [9007199254740992, 0]}}"#, .badOffsets("row")),
    (
      #"{"row": {"saved_offsets": [9007199254740990, 1]}}"#,
      .incomplete("row", FolderTests.shape([9_007_199_254_740_991, 2]))
    ),
    (
      #"{"row": {"saved_offsets": [4503599627370496, 4503599627370496]}}"#,
      .tooLarge("row", .tooLarge([4_503_599_627_370_497, 4_503_599_627_370_497]))
    ),
  ])
  func `wrong information about shards is an error`(offsets: String, problem: ShardingProblem) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("x.safetensors", shard([("row", [1, 1], [1])], offsets: offsets))
    let error = #expect(throws: FormatError.self) { try Checkpoint(path) }
    #expect(error?.reason == .sharding(problem))
  }

  fileprivate static func shape(_ dims: [Int]) -> Shape {
    do { return try Shape(dims) } catch { fatalError("\(error)") }
  }

  @Test func `thousands of shards of one tensor are put together at once`() throws {
    let folder = try TemporaryFolder()
    for rank in 0..<300 {
      try folder.write(
        "\(rank).safetensors",
        shard([("w", [1, 2], [UInt8(rank % 256), 1])], offsets: #"{"w": {"saved_offsets": [\#(rank), 0]}}"#))
    }
    let entry = try #require(try Checkpoint(folder.url.path).entries.first)
    #expect(entry.shape.dims == [300, 2])
    #expect(try entry.bytes.bytes(at: 0, count: 600) == (0..<300).flatMap { [UInt8($0 % 256), 1] })
  }

  @Test func `one file of an index beside it is read with a warning that names the index`() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("model-00001-of-00002.safetensors", safetensors([("a", [1], [1])], dtype: "U8"))
    #expect(try Checkpoint(path).warnings.isEmpty)
    try folder.write("model-00002-of-00002.safetensors", safetensors([("b", [1], [1])], dtype: "U8"))
    let index = try folder.write(
      "model.safetensors.index.json",
      #"{"weight_map":{"a":"model-00001-of-00002.safetensors","b":"model-00002-of-00002.safetensors"}}"#)
    let warnings = try Checkpoint(path).warnings
    #expect(warnings.count == 1 && warnings[0].contains(index) && warnings[0].contains(path))
    #expect(try Checkpoint(index).warnings.isEmpty && Checkpoint(folder.url.path).warnings.isEmpty)
  }

  @Test func `names that save_model removed count as tensors with the kept tensor's shape, dtype and bytes`() throws {
    let folder = try TemporaryFolder()
    let tensor = #""lm_head.weight":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}"#
    // safetensors.torch.save_model (0.8.0) writes the format beside the names.
    let path = try folder.write(
      "m.safetensors",
      safetensors(
        header: #"{"__metadata__":{"wte.weight":"lm_head.weight","format":"pt","other":"nothing"},\#(tensor)}"#,
        data: [1, 2]))
    let entries = try Checkpoint(path).entries
    #expect(entries.map(\.name) == ["lm_head.weight", "wte.weight"])
    #expect(entries.map(\.aliasOf) == [nil, "lm_head.weight"])
    #expect(try entries[1].bytes.bytes(at: 0, count: 2) == [1, 2])
  }
}
