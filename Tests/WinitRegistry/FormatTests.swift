// get: shards, archives and casts.

import Foundation
import Testing
import WinitRegistry
import WinitTestSupport

@Suite struct FormatTests {
  @Test func `shards hold the tensors that huggingface_hub puts into them (recorded in shards.txt)`() throws {
    for row in try VectorFile.rows("shards.txt") {
      let limit = try #require(Int(row[0]))
      let sizes = row[1].split(separator: ",").compactMap { Int($0) }
      let groups = shards(of: sizes, limit: limit)
      var names = [String](repeating: "", count: sizes.count)
      for (number, shard) in groups.enumerated() {
        let name = shardName(number, of: groups.count)
        for index in shard { names[index] = name }
      }
      let expected = row[2].split(separator: ",").map { "model\($0.dropFirst()).safetensors" }
      #expect(names == expected, "\(row)")
    }
    #expect(shards(of: [], limit: 5) == [[]] && shards(of: [9, 9], limit: nil) == [[0, 1]])
  }

  @Test func `a folder holds one file without a limit, and shards that verify by their index with one`() throws {
    let fixture = try Fixture()
    let run = try fixture.create()
    let folder = fixture.folder.path("one")
    let one = try fixture.registry.exportFolder(run, format: .safetensors, to: folder + "/")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["model.safetensors"])
    try fixture.registry.export(run, to: fixture.folder.path("plain"))
    #expect(try fixture.folder.bytes("one/model.safetensors") == fixture.folder.bytes("plain"))
    #expect(one.files == ["model.safetensors"])

    let shards = fixture.folder.path("shards")
    let receipt = try fixture.registry.exportFolder(
      run, format: .safetensors, to: shards, maximumShardSize: 1_300_000, threads: 2)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: shards).sorted() == [
        "model-00001-of-00003.safetensors", "model-00002-of-00003.safetensors", "model-00003-of-00003.safetensors",
        "model.safetensors.index.json",
      ])
    let index = shards + "/model.safetensors.index.json"
    #expect(try fixture.registry.verify(run, against: index).matches)
    let sizes = try receipt.files.map { try fixture.folder.bytes("shards/" + $0).count }
    #expect(receipt.byteCount == sizes.reduce(0, +))
    // A folder that is not empty is left as it is.
    expectError(.io) { try fixture.registry.exportFolder(run, format: .safetensors, to: shards) }
  }

  @Test func `a folder of shards appears whole or not at all`() throws {
    let fixture = try Fixture()
    let run = try fixture.create()
    #expect(throws: Stop.self) {
      try fixture.registry.exportFolder(
        run, format: .safetensors, to: fixture.folder.path("s"), maximumShardSize: 1000
      ) { done, _ in if done > 1_500_000 { throw Stop() } }
    }
    expectError(.invalidArgument) {
      try fixture.registry.exportFolder(run, format: .npz, to: fixture.folder.path("s"))
    }
    expectError(.invalidArgument) {
      try fixture.registry.exportFolder(run, format: .raw, to: fixture.folder.path("s"), maximumShardSize: 5)
    }
    #expect(try fixture.folder.contents().allSatisfy { $0.hasPrefix("r") })
  }

  @Test func `an archive is the same file for every number of threads, and holds no bfloat16`() throws {
    let fixture = try Fixture()
    let run = try fixture.create()
    expectError(.invalidArgument) {
      try fixture.registry.export(run, format: .npz, to: fixture.folder.path("x.npz"))
    }
    #expect(!fixture.folder.exists("x.npz"))
    for threads in 1...3 {
      let receipt = try fixture.registry.export(
        run, format: .npz, to: fixture.folder.path("\(threads).npz"), dtype: .float64, threads: threads)
      #expect(try fixture.folder.bytes("\(threads).npz").count == receipt.byteCount && receipt.cast == .float64)
    }
    #expect(try fixture.folder.bytes("1.npz") == fixture.folder.bytes("3.npz"))
    // A name that leads out of a folder is a name in safetensors, and not in an archive.
    let outside = try fixture.importRun("c", [("../w", [1], [0, 0, 0, 0])])
    expectError(.invalidArgument) {
      try fixture.registry.export(outside, format: .npz, to: fixture.folder.path("c.npz"))
    }
    #expect(!fixture.folder.exists("c.npz"))
  }

  @Test func `a cast rounds floating-point tensors alone, of slices too, and is refused where a value does not fit`()
    throws
  {
    let fixture = try Fixture()
    let run = try fixture.create()
    let path = fixture.folder.path("f.safetensors")
    try fixture.registry.export(
      run, TensorSelection(tensors: ["h.0.w"], slice: TensorSlice("299,1020:")), format: .raw, to: path,
      dtype: .bfloat16
    )
    let floats = try fixture.registry.floats(of: "h.0.w", in: run, slice: TensorSlice("299,1020:"))
    let expected = floats.flatMap { value -> [UInt8] in
      let bits = value.bitPattern
      let rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16
      return [UInt8(rounded & 0xFF), UInt8(rounded >> 8)]
    }
    #expect(try fixture.folder.bytes("f.safetensors") == expected && expected.count == 8)
    try FileManager.default.removeItem(atPath: path)
    let large = try fixture.importRun("c", [("w", [2], [0, 0, 0, 0, 0xFF, 0xFF, 0x7F, 0x47])])  // 65535
    let error = expectError(.invalidArgument) { try fixture.registry.export(large, to: path, dtype: .float16) }
    #expect(error?.message.contains("`w`") == true && error?.message.contains("65535") == true)
    expectError(.invalidArgument) { try fixture.registry.export(run, to: path, dtype: .int8) }
    #expect(!fixture.folder.exists("f.safetensors"))
  }

  @Test func `a tensor that is named is checked against the manifest without the rows of the others`() throws {
    let fixture = try Fixture()
    let run = try fixture.create(recipeOnly: true)
    let bytes = try fixture.registry.bytes(of: "emb", in: run)
    // A row that cannot be read is not needed for another tensor.
    try fixture.tamper("UPDATE tensors SET law = 'x' WHERE name = 'wide'")
    #expect(try fixture.registry.bytes(of: "emb", in: run) == bytes)
    expectError(.damagedRegistry) { try fixture.registry.bytes(of: "wide", in: run) }
    // A record that does not agree with the manifest is refused.
    try fixture.tamper("UPDATE tensors SET law = '{\"law\":\"literal\"}' WHERE name = 'wide'")
    try fixture.tamper("UPDATE tensors SET stream = '5' WHERE name = 'emb'")
    expectError(.mismatch) { try fixture.registry.bytes(of: "emb", in: run) }
  }
}
