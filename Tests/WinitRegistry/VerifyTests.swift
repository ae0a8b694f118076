// verify: stored bytes, regeneration and the record of one run.

import Testing
import WinitRegistry
import WinitTestSupport

private typealias Kind = Verification.Finding.Kind

@Suite struct VerifyTests {
  @Test func `an intact run matches, and the counts are those of the chunks that were checked`() throws {
    let fixture = try Fixture()
    let stored = try fixture.create()
    let recipe = try fixture.create("n", recipeOnly: true)
    // 300·1024·4 B = 2 chunks, 700·700·2 B = 1, 7·30011·8 B = 2, and three small ones.
    let all = try fixture.registry.verify(stored)
    #expect(all.matches)
    #expect((all.storedChunks, all.regeneratedChunks) == (8, 8))
    #expect(all.byteCount == stored.byteCount)
    let onlyStored = try fixture.registry.verify(stored, level: .stored)
    #expect((onlyStored.storedChunks, onlyStored.regeneratedChunks) == (8, 0))
    let regenerated = try fixture.registry.verify(recipe)
    #expect((regenerated.storedChunks, regenerated.regeneratedChunks) == (0, 8))
    expectError(.invalidArgument) { try fixture.registry.verify(recipe, level: .stored) }
  }

  @Test(arguments: [Verification.Level.everything, .stored])
  func `a damaged stored chunk is found with its element and both values, and the recipe still regenerates it`(
    level: Verification.Level
  ) throws {
    let fixture = try Fixture()
    let run = try fixture.create("m", twoChunkSpec)
    let expected = try fixture.registry.floats(of: "w", in: run, slice: TensorSlice("256,2"))[0]
    // Element 2 of chunk 1 is element 2¹⁸ + 2, at [256, 2]; its four bytes become those of 1.0.
    try fixture.tamper(
      "UPDATE chunks SET bytes = CAST(substr(bytes, 1, 8) || x'0000803f' || substr(bytes, 13) AS BLOB) WHERE id = (SELECT chunk FROM tensor_chunks WHERE position = 1)"
    )
    let verification = try fixture.registry.verify(run, level: level)
    #expect(verification.findings.map(\.kind) == [.stored])
    let finding = try #require(verification.findings.first)
    #expect(finding.tensor == "w")
    #expect(finding.chunks == [1])
    #expect(finding.difference?.element == 262_146)
    #expect(finding.difference?.coordinates == [256, 2])
    #expect(finding.difference?.found == "1.0")
    #expect(finding.difference?.expected == "\(expected)")
    #expect(finding.difference?.count == 1)
    #expect(try fixture.registry.verify(run, level: .regenerate).matches)
  }

  @Test func `missing stored chunks are found`() throws {
    let fixture = try Fixture()
    let run = try fixture.create("m", twoChunkSpec)
    try fixture.tamper("DELETE FROM tensor_chunks")
    let findings = try fixture.registry.verify(run).findings
    try #require(findings.map(\.kind) == [.stored])
    #expect(findings[0].chunks == [0, 1] && findings[0].ranges == [0..<1_048_576, 1_048_576..<1_228_800])
    #expect(findings[0].difference == nil)
  }

  @Test(
    arguments: [
      ("UPDATE manifests SET json = replace(json, '42', '43')", [Kind.record, .record]),
      ("UPDATE tensors SET digest = zeroblob(32)", [.record, .record]),
      (
        "UPDATE tensors SET law = '{\"law\":\"normal\",\"mean\":0,\"std\":0.5}'",
        [.record, .scheme, .stored, .regenerated]
      ),
      ("UPDATE tensors SET stream = '5'", [.record, .stored, .regenerated]),
      ("UPDATE tensors SET scheme = replace(scheme, '0.02', '0.03')", [.scheme]),
      ("UPDATE tensors SET scheme = '{\"scheme\":\"gone\",\"layout\":\"torch\"}'", [.scheme]),
      ("UPDATE tensors SET scheme = '{\"scheme\":\"normal\"}'", [.scheme]),
      ("UPDATE runs SET seed = '43'", [.record, .regenerated]),
      ("UPDATE runs SET parameter_count = parameter_count + 1", [.record]),
      ("UPDATE runs SET byte_count = 0", [.record]),
    ] as [(String, [Kind])])
  func `a record that contradicts itself is found`(sql: String, kinds: [Verification.Finding.Kind]) throws {
    let fixture = try Fixture()
    _ = try fixture.create("m", twoChunkSpec)
    try fixture.tamper(sql)
    let run = try fixture.registry.run("m")
    let found = try fixture.registry.verify(run).findings.map(\.kind)
    // Stored bytes match their digests, whatever the recipe is.
    #expect(found == kinds.filter { $0 != .stored }, "\(sql)")
  }

  @Test func `a tensor on damaged pages is found, and an export regenerates it`() throws {
    let fixture = try Fixture()
    let run = try fixture.create("m", twoChunkSpec)
    try fixture.registry.export(run, to: fixture.folder.path("before"))
    // The middle of the file holds chunks: pages whose first four bytes point to the next page.
    let page = 16384
    let middle = try fixture.folder.bytes("r").count / page / 2
    try overwrite(fixture.folder.path("r"), at: middle * page, with: [UInt8](repeating: 0xFF, count: page))
    let registry = try Registry(opening: fixture.folder.path("r"))
    let findings = try registry.verify(run).findings
    try #require(findings.map(\.kind) == [.stored])
    #expect(findings[0].tensor == "w")
    #expect(try registry.export(run, to: fixture.folder.path("after")).damaged == ["w"])
    #expect(try fixture.folder.bytes("before") == fixture.folder.bytes("after"))
  }

  @Test
  func
    `where the right bytes are stored, a run that no longer regenerates is found with the first element that differs`()
    throws
  {
    let fixture = try Fixture()
    let first = try fixture.create("m", twoChunkSpec)
    let before = try fixture.registry.floats(of: "w", in: first, slice: TensorSlice("0,0:1"))
    // Another run gives the first element of seed 43.
    let second = try fixture.create("n", twoChunkSpec, seed: 43)
    let other = try fixture.registry.floats(of: "w", in: second, slice: TensorSlice("0,0:1"))
    try fixture.tamper("UPDATE runs SET seed = '43' WHERE name = 'm'")
    let findings = try fixture.registry.verify(fixture.registry.run("m"), level: .regenerate).findings
    let finding = try #require(findings.last)
    #expect(finding.kind == .regenerated)
    #expect(finding.difference?.element == 0)
    #expect(finding.difference?.expected == "\(before[0])")
    #expect(finding.difference?.found == "\(other[0])")
  }
}
