// Runs and chunks that are recorded, found and rolled back.

import Foundation
import GRDB
import Testing
import WinitCore
import WinitJSON
import WinitStorage
import WinitTestSupport

private func newTensor(_ name: String, _ dims: [Int], seed: UInt64, std: Float = 1) throws -> NewTensor {
  let name = TensorName(name)
  let recipe = try Recipe(
    seed: seed, stream: name.stream, dtype: .float32, shape: Shape(dims), law: .normal(mean: 0, std: std))
  let digests = try (0..<recipe.chunkCount).map {
    SHA256Digest(of: try recipe.bytes(recipe.chunk($0).elements(.float32)))
  }
  return NewTensor(
    name: name, scheme: ["scheme": "normal"], recipe: recipe, chunkDigests: DigestList(digests))
}

private func newRun(_ name: String, seed: UInt64 = 1, stored: Bool = true, tensors: [NewTensor]) -> NewRun {
  NewRun(
    name: name, seed: seed, isStored: stored, createdAt: "2026-01-01T00:00:00Z", toolVersion: "test",
    tensors: tensors)
}

extension Store {
  /// Adds the chunks of a tensor, and returns the number of bytes that are new.
  @discardableResult
  fileprivate func add(_ tensor: NewTensor, _ lease: Lease = Lease()) throws -> Int {
    try (0..<tensor.recipe.chunkCount).reduce(0) { sum, index in
      let bytes = try tensor.recipe.bytes(tensor.recipe.chunk(index).elements(.float32))
      return try sum + bytes.withUnsafeBytes { try addChunks([(tensor.chunkDigests[index], $0)], lease) }
    }
  }

  @discardableResult
  fileprivate func commit(_ run: NewRun) throws -> RunRecord {
    try commit(run, Event("create", by: .object([])))
  }
}

@Suite struct StoreRunTests {
  @Test func `a run is read as it was recorded, with 64-bit seeds and streams`() throws {
    let folder = try TemporaryFolder()
    let store = try Store.openOrCreate(folder.path("r"))
    let tensors = [try newTensor("e\u{301}", [3], seed: .max), try newTensor("\u{E9}", [2, 2], seed: .max)]
    for tensor in tensors { try store.add(tensor) }
    let run = try store.commit(newRun("a/b", seed: .max, tensors: tensors))
    let read = try #require(try Store.open(folder.path("r")).run(named: "a/b"))
    #expect(read.seed == .max)
    #expect(read.reference == "a/b:v1")
    #expect(read.id == newRun("x", seed: .max, tensors: tensors).manifest.id)
    #expect(read.id == run.id)
    #expect((read.tensorCount, read.parameterCount, read.byteCount) == (2, 7, 28))
    let back = try store.tensors(of: read)
    #expect(back.map(\.name) == tensors.map(\.name))
    #expect(back.map(\.recipe) == tensors.map(\.recipe))
    #expect(back.map(\.chunkDigests) == tensors.map(\.chunkDigests))
    #expect(back.contains { $0.recipe.stream > UInt64(Int64.max) })  // 15163… or another above 2⁶³
    #expect(SHA256Digest(of: try store.manifest(of: read).utf8) == read.id)
  }

  @Test func `versions are counted for each name, and runs are found by the first digits of their ids`() throws {
    let folder = try TemporaryFolder()
    let store = try Store.openOrCreate(folder.path("r"))
    let tensor = try newTensor("w", [3], seed: 1)
    for name in ["a", "b", "a"] { try store.commit(newRun(name, stored: false, tensors: [tensor])) }
    #expect(try store.runs().map(\.reference) == ["a:v2", "b:v1", "a:v1"])
    #expect(try store.run(named: "a")?.version == 2)
    #expect(try store.run(named: "a", version: 1)?.version == 1)
    #expect(try store.run(named: "a", version: 3) == nil)
    let id = try #require(try store.run(named: "a")).id.hex
    #expect(try store.runs(idPrefix: String(id.prefix(5))).count == 3)
    #expect(try store.runs(idPrefix: id, named: "b").map(\.reference) == ["b:v1"])
    let otherDigit = id.hasPrefix("0") ? "1" : "0"
    #expect(try store.runs(idPrefix: otherDigit).isEmpty)
    #expect(try count("manifests", folder) == 1)
  }

  @Test func `a chunk that several tensors share is stored once`() throws {
    let folder = try TemporaryFolder()
    let store = try Store.openOrCreate(folder.path("r"))
    let tensor = try newTensor("w", [300, 1024], seed: 1)
    #expect(try store.add(tensor) == 300 * 1024 * 4)
    #expect(try store.add(tensor) == 0)
    try store.commit(newRun("a", tensors: [tensor]))
    try store.commit(newRun("b", tensors: [tensor]))
    #expect(try count("chunks", folder) == 2)
    #expect(try count("tensor_chunks", folder) == 4)
  }

  @Test func `a stored run whose chunks are missing is refused with their digests, and nothing changes`() throws {
    let folder = try TemporaryFolder()
    let store = try Store.openOrCreate(folder.path("r"))
    let tensor = try newTensor("w", [4], seed: 1)
    expectError {
      try store.commit(newRun("a", tensors: [tensor]))
    } where: {
      if case .missingChunks(Set(tensor.chunkDigests)) = $0 { true } else { false }
    }
    for table in ["runs", "tensors", "manifests", "tensor_chunks"] { #expect(try count(table, folder) == 0) }
  }

  @Test func `a copied run keeps its uid and version, and one whose uid is present changes nothing`() throws {
    let folder = try TemporaryFolder()
    let store = try Store.openOrCreate(folder.path("r"))
    var run = newRun("a", stored: false, tensors: [try newTensor("w", [3], seed: 1)])
    let uid = String(repeating: "0123456789abcdef", count: 2)
    run.origin = (uid, 7)
    let event = Event("import", by: .object([]))
    let first = try #require(try store.commitIfNew(run, event, aliases: ["best"]))
    #expect(first.uid == uid && first.reference == "a:v7" && first.aliases == ["best"])
    #expect(try store.commitIfNew(run, event, aliases: ["other"]) == nil)
    #expect(try store.runs().map(\.aliases) == [["best"]])
    #expect(try count("runs", folder) == 1 && count("history", folder) == 1)
    // The next version of the name is later.
    #expect(try store.commit(newRun("a", stored: false, tensors: run.tensors)).reference == "a:v8")
  }

  @Test func `a rollback keeps the chunks that a run refers to, deletes the others and shortens the file`() throws {
    let folder = try TemporaryFolder()
    let store = try Store.openOrCreate(folder.path("r"))
    let (kept, dropped) = (
      try newTensor("w", [300, 1024], seed: 1), try newTensor("v", [30, 1 << 18], seed: 1)
    )
    let lease = Lease()
    try store.add(kept, lease)
    try store.add(dropped, lease)
    try store.commit(newRun("a", tensors: [kept]))
    let before = try folder.bytes("r").count
    #expect(store.rollBack(lease) == 0)
    #expect(try count("chunks", folder) == 2)
    #expect(try folder.bytes("r").count < before - 29 << 20)
    #expect(try store.tensors(of: #require(try store.run(named: "a"))).count == 1)
  }

  @Test func `no SQL statement deletes a chunk that a run refers to`() throws {
    let folder = try TemporaryFolder()
    let store = try Store.openOrCreate(folder.path("r"))
    let tensor = try newTensor("w", [4], seed: 1)
    try store.add(tensor)
    try store.commit(newRun("a", tensors: [tensor]))
    let db = try DatabaseQueue(path: folder.path("r"))
    #expect(throws: DatabaseError.self) { try db.write { try $0.execute(sql: "DELETE FROM chunks") } }
  }

  @Test(arguments: [
    ("dtype", "'float8'"), ("shape", "'[1'"), ("shape", "'[-1]'"), ("stream", "'-1'"), ("law", "'{}'"),
    ("law", "'{\"law\":\"cauchy\"}'"), ("scheme", "'x'"), ("chunk_digests", "x''"),
  ])
  func `a tensor whose row cannot be read is an error that names the tensor`(column: String, value: String) throws {
    let folder = try TemporaryFolder()
    let store = try Store.openOrCreate(folder.path("r"))
    let run = try store.commit(newRun("a", stored: false, tensors: [newTensor("w", [4], seed: 1)]))
    let db = try DatabaseQueue(path: folder.path("r"))
    try db.write { try $0.execute(sql: "UPDATE tensors SET \(column) = \(value)") }
    expectError {
      try store.tensors(of: run)
    } where: {
      if case .damaged(folder.path("r"), let what) = $0 { what.contains("tensor `w`") } else { false }
    }
  }

  @Test func `a damaged chunk is repaired by the next create that adds it`() throws {
    let folder = try TemporaryFolder()
    let store = try Store.openOrCreate(folder.path("r"))
    let tensor = try newTensor("w", [4], seed: 1)
    try store.add(tensor)
    let db = try DatabaseQueue(path: folder.path("r"))
    try db.write { try $0.execute(sql: "UPDATE chunks SET bytes = zeroblob(size)") }
    #expect(try store.add(tensor) == 0)
    let stored = try db.read { try Data.fetchOne($0, sql: "SELECT bytes FROM chunks") }
    #expect(try stored.map(Array.init) == tensor.recipe.bytes(0..<4))
  }
}
