import Testing
import WinitRegistry
import WinitTestSupport

private let oneTensor = "tensors: {w: [300, 1024]}\nrules: [{match: w, init: {scheme: normal, std: 0.02}}]"

@Suite struct VerifyTests {
  @Test("an untouched run matches, and the counts say what was looked at")
  func clean() throws {
    let fixture = try Fixture()
    let stored = try fixture.create()
    let recipe = try fixture.create("n", recipeOnly: true)
    // 300·1024·4 B = 2 chunks, 700·700·2 B = 1, 7·30011·8 B = 2, and three small ones.
    let all = try fixture.registry.verify(stored)
    #expect(all.matches)
    #expect((all.storedChunks, all.regeneratedChunks) == (8, 8))
    #expect(all.byteCount == stored.byteCount)
    let onlyStored = try fixture.registry.verify(stored, mode: .stored)
    #expect((onlyStored.storedChunks, onlyStored.regeneratedChunks) == (8, 0))
    let regenerated = try fixture.registry.verify(recipe)
    #expect((regenerated.storedChunks, regenerated.regeneratedChunks) == (0, 8))
    #expect(throws: RegistryError.self) { try fixture.registry.verify(recipe, mode: .stored) }
  }

  @Test(
    "a damaged blob is found, with chunk, element and both values; the recipe is still good",
    arguments: [VerifyMode.everything, .stored])
  func damagedBlob(mode: VerifyMode) throws {
    let fixture = try Fixture()
    let run = try fixture.create("m", oneTensor)
    let expected = try fixture.registry.floats(of: "w", in: run, slice: Slice(parsing: "256,2"))[0]
    // Element 2 of chunk 1 is element 2¹⁸ + 2, at [256, 2]; its four bytes become those of 1.0.
    try fixture.tamper(
      "UPDATE chunks SET bytes = CAST(substr(bytes, 1, 8) || x'0000803f' || substr(bytes, 13) AS BLOB) WHERE id = (SELECT chunk FROM tensor_chunks WHERE position = 1)"
    )
    let verification = try fixture.registry.verify(run, mode: mode)
    #expect(verification.findings.map(\.kind) == [.stored])
    let finding = try #require(verification.findings.first)
    #expect(finding.tensor == "w")
    #expect(finding.chunks == [1])
    #expect(finding.difference?.element == 262_146)
    #expect(finding.difference?.coordinates == [256, 2])
    #expect(finding.difference?.found == "1.0")
    #expect(finding.difference?.expected == "\(expected)")
    #expect(finding.difference?.count == 1)
    #expect(try fixture.registry.verify(run, mode: .regenerate).matches)
  }

  @Test("blobs that are gone are found")
  func missingBlob() throws {
    let fixture = try Fixture()
    let run = try fixture.create("m", oneTensor)
    try fixture.tamper("DELETE FROM tensor_chunks")
    let verification = try fixture.registry.verify(run)
    #expect(verification.findings.map(\.kind) == [.stored])
    #expect(
      verification.findings[0].message
        == "2 of its 2 chunks (bytes 0 to 1048575, 1048576 to 1228799) should be stored and cannot be read")
  }

  @Test(
    "a record that contradicts itself is found",
    arguments: [
      ("UPDATE manifests SET json = replace(json, '42', '43')", [Finding.Kind.record, .record]),
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
    ] as [(String, [Finding.Kind])])
  func record(sql: String, kinds: [Finding.Kind]) throws {
    let fixture = try Fixture()
    _ = try fixture.create("m", oneTensor)
    try fixture.tamper(sql)
    let run = try fixture.registry.run("m")
    let found = try fixture.registry.verify(run).findings.map(\.kind)
    // Blobs match their digests whatever the recipe became.
    #expect(found == kinds.filter { $0 != .stored }, "\(sql)")
  }

  @Test("pages that SQLite cannot follow are found and named, and get fills their tensor again")
  func damagedPages() throws {
    let fixture = try Fixture()
    let run = try fixture.create("m", oneTensor)
    _ = try fixture.registry.export(run, to: fixture.folder.path("before"))
    // The middle of the file is blobs: pages whose first four bytes point to the next one.
    let page = 16384
    let middle = try fixture.folder.bytes("r").count / page / 2
    try overwrite(fixture.folder.path("r"), at: middle * page, with: [UInt8](repeating: 0xFF, count: page))
    let registry = try Registry(opening: fixture.folder.path("r"))
    let findings = try registry.verify(run).findings
    #expect(findings.map(\.kind) == [.stored])
    #expect(findings[0].tensor == "w")
    #expect(try registry.export(run, to: fixture.folder.path("after")).damaged == ["w"])
    #expect(try fixture.folder.bytes("before") == fixture.folder.bytes("after"))
  }

  @Test("where the right bytes are stored, a run that no longer regenerates is named to the element")
  func regeneratedElement() throws {
    let fixture = try Fixture()
    let first = try fixture.create("m", oneTensor)
    let before = try fixture.registry.floats(of: "w", in: first, slice: Slice(parsing: "0,0:1"))
    // The recipe of seed 43, whose first element another run gives.
    let second = try fixture.create("n", oneTensor, seed: 43)
    let other = try fixture.registry.floats(of: "w", in: second, slice: Slice(parsing: "0,0:1"))
    try fixture.tamper("UPDATE runs SET seed = '43' WHERE name = 'm'")
    let findings = try fixture.registry.verify(fixture.registry.run("m"), mode: .regenerate).findings
    let finding = try #require(findings.last)
    #expect(finding.kind == .regenerated)
    #expect(finding.difference?.element == 0)
    #expect(finding.difference?.expected == "\(before[0])")
    #expect(finding.difference?.found == "\(other[0])")
  }
}
