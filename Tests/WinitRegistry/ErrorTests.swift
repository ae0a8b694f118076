// Every failure is a `RegistryError` with its code, and the errors of progress handlers are those of the caller.

import Foundation
import Testing
import WinitCore
import WinitFiles
import WinitInitializers
import WinitRegistry
import WinitSpec
import WinitStorage
import WinitTestSupport

/// A registry with runs of every kind, and files that are not what their names promise.
private struct World {
  let fixture: Fixture
  let registry: Registry
  /// A run with stored bytes, a literal and the alias `best`.
  let stored: Run
  let recipe: Run
  let imported: Run
  let deleted: Run
  let collected: Run

  init() throws {
    fixture = try Fixture()
    registry = fixture.registry
    let spec = """
      tensors:
        w: [4, 2]
        n: {shape: [], dtype: int8, init: zeros}
        l: {shape: [2], init: {scheme: literal, values: [1, 2]}}
      rules: [{match: w, init: normal}]
      """
    collected = try fixture.create("m", tinySpec, seed: 1)
    try registry.delete([collected])
    _ = try registry.collectGarbage(grace: .zero)
    deleted = try fixture.create("m", tinySpec, seed: 2)
    try registry.delete([deleted])
    stored = try fixture.create("m", spec)
    _ = try registry.setAlias("best", of: stored)
    recipe = try fixture.create("r", tinySpec, recipeOnly: true)
    imported = try fixture.importRun("c", [("w", [2, 1], Array(0..<8))])
    try fixture.folder.write("text", "a text")
  }

  func path(_ name: String) -> String { fixture.folder.path(name) }
}

/// A call that fails.
private struct FailingCall: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let code: RegistryError.Code
  /// The type of the error below; nil where there is none.
  let underlying: (any Error.Type)?
  let body: @Sendable (World) throws -> Void

  init<T>(
    _ description: String, _ code: RegistryError.Code, _ underlying: (any Error.Type)? = nil,
    _ body: @escaping @Sendable (World) throws -> T
  ) {
    (testDescription, self.code, self.underlying) = (description, code, underlying)
    self.body = { _ = try body($0) }
  }
}

private let failingCalls: [FailingCall] = [
  // Opening
  FailingCall("open: no file", .registryNotFound, StoreError.self) { try Registry(opening: $0.path("none")) },
  FailingCall("open: a text", .invalidRegistry, StoreError.self) { try Registry(opening: $0.path("text")) },
  FailingCall("open: a folder", .invalidRegistry, StoreError.self) {
    try Registry(opening: $0.fixture.folder.url.path)
  },
  FailingCall("open or create: not shared by the group", .conflict, StoreError.self) {
    try Registry(openingOrCreating: $0.path("r"), isShared: true)
  },
  FailingCall("open or create: a folder that no group shares", .io, StoreError.self) {
    try Registry(openingOrCreating: $0.path("new"), isShared: true)
  },
  FailingCall("open: no folder", .fileNotFound, StoreError.self) { try Registry(openingOrCreating: $0.path("x/r")) },
  // References
  FailingCall("run: not a reference", .invalidReference) { try $0.registry.run("m:v0") },
  FailingCall("run: no such name", .runNotFound) { try $0.registry.run("gone") },
  FailingCall("run: deleted", .runDeleted) { try $0.registry.run($0.deleted.reference) },
  FailingCall("run: collected", .runCollected) { try $0.registry.run($0.collected.reference) },
  FailingCall("run: an id that several begin with", .ambiguousID) { world in
    // Of seventeen ids two begin with the same digit.
    var digits: [Substring] = []
    for seed in 0..<17 as Range<UInt64> {
      digits.append(try world.fixture.create("x", tinySpec, seed: seed, recipeOnly: true).id.hex.prefix(1))
      if Set(digits).count < digits.count { break }
    }
    _ = try world.registry.run("sha256:\(digits.last ?? "")")
  },
  FailingCall("run to change: an id of several runs", .ambiguousID) { world in
    let other = try world.fixture.create("r", tinySpec)
    _ = try world.registry.run(toChange: other.id.description)
  },
  FailingCall("history: no such run", .runNotFound) { try $0.registry.history(of: "none") },
  // Specs and slices
  FailingCall("spec: not YAML", .invalidSpec, SpecError.self) { _ in try WinitRegistry.ModelSpec(parsing: "{") },
  FailingCall("create: an unknown key in the spec", .invalidSpec, SpecError.self) {
    try $0.fixture.create("m", "tensor: {}")
  },
  FailingCall("spec: no file", .fileNotFound, FileError.self) {
    try WinitRegistry.ModelSpec(contentsOf: $0.path("none"))
  },
  FailingCall("preset: unknown", .unknownName, UnknownPreset.self) { _ in try WinitRegistry.ModelSpec(preset: "none") },
  FailingCall("preset text: unknown", .unknownName, UnknownPreset.self) { _ in
    try WinitRegistry.ModelSpec.presetText("none")
  },
  FailingCall("scheme: unknown", .unknownName, SchemeError.self) { _ in try SchemeCatalog.scheme(named: "none") },
  FailingCall("slice: not a slice", .invalidSlice, SliceError.self) { _ in try TensorSlice("a") },
  // Creating and importing
  FailingCall("create: an invalid name", .invalidName) { try $0.fixture.create("a b", tinySpec) },
  FailingCall("create: a scheme that does not fit", .invalidSpec, SpecError.self) {
    try $0.fixture.create("m", "tensors: {w: {shape: [], init: orthogonal}}")
  },
  FailingCall("create: too large", .tooLarge) {
    try $0.fixture.create("m", "tensors: {w: [4398046511105]}\nrules: [{match: w, init: zeros}]")
  },
  FailingCall("create: like a file that does not exist", .fileNotFound, FileError.self) { world in
    try world.fixture.create("m", "rules: [{match: '*', init: zeros}]") { $0.like = world.path("none") }
  },
  FailingCall("create: like a text", .invalidFile, FormatError.self) { world in
    try world.fixture.create("m", "rules: [{match: '*', init: zeros}]") { $0.like = world.path("text") }
  },
  FailingCall("create: an invalid tag", .invalidName) {
    try $0.fixture.create("m", tinySpec) { $0.tags = [Run.Tag(key: "", value: "")] }
  },
  FailingCall("import a checkpoint: no file", .fileNotFound, FileError.self) {
    try $0.registry.importCheckpoint($0.path("none"), as: "x")
  },
  FailingCall("import a checkpoint: a text", .invalidFile, FormatError.self) {
    try $0.registry.importCheckpoint($0.path("text"), as: "x")
  },
  FailingCall("import a bundle: no file", .fileNotFound, FileError.self) {
    try $0.registry.importBundle($0.path("none"))
  },
  FailingCall("import a bundle: a text", .invalidRegistry, StoreError.self) {
    try $0.registry.importBundle($0.path("text"))
  },
  // Names and metadata
  FailingCall("update: an invalid tag", .invalidName) {
    var update = RunMetadataUpdate()
    update.tags = [Run.Tag(key: "a=b", value: "")]
    _ = try $0.registry.update($0.stored, update)
  },
  FailingCall("update: a run as its own parent", .invalidArgument) {
    var update = RunMetadataUpdate()
    update.parent = $0.stored
    _ = try $0.registry.update($0.stored, update)
  },
  FailingCall("update: a tag to remove that the run does not have", .unknownName, StoreError.self) {
    var update = RunMetadataUpdate()
    update.tagKeysToRemove = ["none"]
    _ = try $0.registry.update($0.stored, update)
  },
  FailingCall("update: a collected run", .runCollected, StoreError.self) {
    try $0.registry.update($0.collected, RunMetadataUpdate())
  },
  FailingCall("set an alias: not a word", .invalidName) { try $0.registry.setAlias("v1", of: $0.stored) },
  FailingCall("set an alias: a collected run", .runCollected, StoreError.self) {
    try $0.registry.setAlias("a", of: $0.collected)
  },
  FailingCall("remove an alias: no such alias", .runNotFound) { try $0.registry.removeAlias("none", of: "m") },
  FailingCall("rename: an invalid name", .invalidName) { try $0.registry.rename("m", to: "a b") },
  FailingCall("rename: the same name", .invalidArgument) { try $0.registry.rename("m", to: "m") },
  FailingCall("rename: no such name", .runNotFound) { try $0.registry.rename("gone", to: "x") },
  FailingCall("rename: a name in use", .conflict, StoreError.self) { try $0.registry.rename("m", to: "r") },
  FailingCall("delete: a run with an alias", .conflict, StoreError.self) { try $0.registry.delete([$0.stored]) },
  FailingCall("delete: a collected run", .runCollected, StoreError.self) { try $0.registry.delete([$0.collected]) },
  FailingCall("restore: a collected run", .runCollected, StoreError.self) { try $0.registry.restore([$0.collected]) },
  FailingCall("strip: a collected run", .runCollected, StoreError.self) { try $0.registry.strip($0.collected) },
  FailingCall("materialize: a collected run", .runCollected, StoreError.self) {
    try $0.registry.materialize($0.collected)
  },
  FailingCall("verify: a collected run", .runCollected, StoreError.self) { try $0.registry.verify($0.collected) },
  // Reading and exporting
  FailingCall("manifest: a collected run", .runCollected, StoreError.self) {
    try $0.registry.manifest(of: $0.collected)
  },
  FailingCall("tensors: a collected run", .runCollected, StoreError.self) {
    try $0.registry.tensors(of: $0.collected)
  },
  FailingCall("bytes: a collected run", .runCollected, StoreError.self) {
    try $0.registry.bytes(of: "w", in: $0.collected)
  },
  FailingCall("bytes: no such tensor", .tensorNotFound) { try $0.registry.bytes(of: "none", in: $0.stored) },
  FailingCall("bytes: a slice outside", .invalidSlice, SliceError.self) {
    try $0.registry.bytes(of: "w", in: $0.stored, slice: TensorSlice("4"))
  },
  FailingCall("bytes: a damaged literal", .mismatch) {
    try $0.fixture.damage("l")
    _ = try $0.registry.bytes(of: "l", in: $0.stored)
  },
  FailingCall("floats: an integer tensor", .invalidArgument) { try $0.registry.floats(of: "n", in: $0.stored) },
  FailingCall("read: memory of another size", .invalidArgument) { world in
    var memory = [UInt8](repeating: 0, count: 5)
    try memory.withUnsafeMutableBytes { try world.registry.read("w", in: world.stored, into: $0) }
  },
  FailingCall("export: a file that exists", .fileExists, FileError.self) {
    try $0.registry.export($0.stored, to: $0.path("text"))
  },
  FailingCall("export: no folder", .fileNotFound, FileError.self) {
    try $0.registry.export($0.stored, to: $0.path("x/y"))
  },
  FailingCall("export: over a folder", .io, FileError.self) {
    try $0.registry.export($0.stored, to: $0.fixture.folder.url.path, replacing: true)
  },
  FailingCall("export: over the registry", .io, FileError.self) {
    try $0.registry.export($0.stored, to: $0.path("r"), replacing: true)
  },
  FailingCall("export: several tensors to npy", .invalidArgument) {
    try $0.registry.export($0.stored, format: .npy, to: $0.path("out"))
  },
  FailingCall("export to a folder: no such tensor", .tensorNotFound) {
    try $0.registry.exportFolder($0.stored, TensorSelection(tensors: ["none"]), format: .raw, to: $0.path("out"))
  },
  FailingCall("export to a folder: a file", .fileExists, FileError.self) {
    try $0.registry.exportFolder($0.stored, format: .raw, to: $0.path("text"))
  },
  FailingCall("export a bundle: a file that exists", .fileExists, FileError.self) {
    try $0.registry.exportBundle([$0.stored], to: $0.path("text"))
  },
  FailingCall("back up: a file that exists", .fileExists, FileError.self) {
    try $0.registry.backup(to: $0.path("text"))
  },
  FailingCall("back up: beside a journal", .invalidFile, FormatError.self) {
    try $0.fixture.folder.write("out-journal", "a journal")
    try $0.registry.backup(to: $0.path("out"))
  },
  // Verifying and maintaining
  FailingCall("verify: stored bytes of a recipe-only run", .invalidArgument) {
    try $0.registry.verify($0.recipe, level: .stored)
  },
  FailingCall("verify: a negative sample", .invalidArgument) { try $0.registry.verify($0.stored, sample: -1) },
  FailingCall("verify several: a negative sample", .invalidArgument) { try $0.registry.verify(.all, sample: -1) },
  FailingCall("verify several: stored bytes of a recipe-only run", .invalidArgument) {
    try $0.registry.verify(.runs([$0.recipe, $0.stored]), level: .stored)
  },
  FailingCall("verify: a record that cannot be read", .damagedRegistry, StoreError.self) {
    try $0.fixture.tamper("UPDATE tensors SET shape = '[-1]'")
    _ = try $0.registry.verify($0.stored)
  },
  FailingCall("verify against: no file", .fileNotFound, FileError.self) {
    try $0.registry.verify($0.stored, against: $0.path("none"))
  },
  FailingCall("verify against: a text", .invalidFile, FormatError.self) {
    try $0.registry.verify($0.stored, against: $0.path("text"))
  },
  FailingCall("difference: a record that contradicts itself", .mismatch) {
    try $0.fixture.tamper("UPDATE runs SET seed = '7' WHERE name = 'r'")
    _ = try $0.registry.difference(between: $0.stored, and: $0.registry.run("r"))
  },
  FailingCall("strip: an imported run", .invalidArgument) { try $0.registry.strip($0.imported) },
  FailingCall("materialize: a recipe that changed", .mismatch) {
    try $0.fixture.tamper("UPDATE runs SET seed = '7' WHERE name = 'r'")
    _ = try $0.registry.materialize($0.registry.run("r"))
  },
]

/// The error of a progress handler. It is recognized by its identity.
private final class Interruption: Error {}

/// A method with a progress handler.
private struct LongCall: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let body: @Sendable (World, @escaping ProgressHandler) throws -> Void

  init<T>(_ description: String, _ body: @escaping @Sendable (World, @escaping ProgressHandler) throws -> T) {
    testDescription = description
    self.body = { _ = try body($0, $1) }
  }
}

private let longCalls: [LongCall] = [
  LongCall("create") { try $0.registry.create("x", spec: .init(parsing: tinySpec), seed: 9, progress: $1) },
  LongCall("create, recipe-only") {
    var options = CreateOptions()
    options.recipeOnly = true
    _ = try $0.registry.create("x", spec: .init(parsing: tinySpec), seed: 9, options: options, progress: $1)
  },
  LongCall("importCheckpoint") { try $0.registry.importCheckpoint($0.path("c.checkpoint"), as: "x", progress: $1) },
  LongCall("importBundle") { world, progress in
    let other = try Fixture()
    _ = try other.create("x", tinySpec, seed: 9)
    try world.registry.importBundle(other.folder.path("r"), progress: progress)
  },
  LongCall("exportBundle") { try $0.registry.exportBundle([$0.stored], to: $0.path("out"), progress: $1) },
  LongCall("export") { try $0.registry.export($0.stored, to: $0.path("out"), progress: $1) },
  LongCall("exportFolder") { try $0.registry.exportFolder($0.stored, format: .raw, to: $0.path("out"), progress: $1) },
  LongCall("backup") { try $0.registry.backup(to: $0.path("out"), progress: $1) },
  LongCall("diagnose") { _ = try $0.registry.diagnose($0.stored, progress: $1) },
  LongCall("verify") { try $0.registry.verify($0.stored, progress: $1) },
  LongCall("verify several") { try $0.registry.verify(.all, progress: $1) },
  LongCall("verify against") { try $0.registry.verify($0.imported, against: $0.path("c.checkpoint"), progress: $1) },
  LongCall("difference") { world, progress in
    let other = try world.fixture.create("r", tinySpec, seed: 5)
    _ = try world.registry.difference(between: world.recipe, and: other, progress: progress)
  },
  LongCall("strip") { try $0.registry.strip($0.stored, progress: $1) },
  LongCall("materialize") { try $0.registry.materialize($0.recipe, progress: $1) },
  LongCall("checkIntegrity") { try $0.registry.checkIntegrity(progress: $1) },
  LongCall("checkIntegrity, full") { try $0.registry.checkIntegrity(full: true, progress: $1) },
  LongCall("checkIntegrity, repair") { world, progress in
    try world.fixture.damage("w")
    _ = try world.registry.checkIntegrity(repair: true, progress: progress)
  },
  LongCall("collectGarbage") { try $0.registry.collectGarbage(grace: .zero, progress: $1) },
]

@Suite struct ErrorTests {
  @Test(arguments: failingCalls)
  private func `a call that fails throws RegistryError with its code and the error below`(call: FailingCall) throws {
    let world = try World()
    let error = expectError(call.code) { try call.body(world) }
    let type = error?.underlying.map { String(describing: Swift.type(of: $0)) }
    #expect(type == call.underlying.map { String(describing: $0) })
    #expect(error?.message.isEmpty == false && error?.message.hasSuffix(".") == false)
  }

  @Test func `every code that does not need a network file system has a call that fails with it`() {
    let codes = Set(failingCalls.map(\.code))
    #expect(Set(RegistryError.Code.allCases).subtracting(codes) == [.networkFileSystem])
  }

  @Test(arguments: longCalls)
  private func `the error of a progress handler is thrown unchanged, and nothing of the operation remains`(
    call: LongCall
  ) throws {
    let world = try World()
    let interruption = Interruption()
    let error = #expect(throws: Interruption.self) {
      try call.body(world) { _, _ in throw interruption }
    }
    #expect(error === interruption)
    #expect(!world.fixture.folder.exists("out"))
    #expect(try world.fixture.folder.contents().allSatisfy { !$0.hasSuffix(".tmp") })
    #expect(try world.registry.runs().allSatisfy { $0.name != "x" })
    #expect(try world.fixture.count("leases") == 0)
    #expect(try world.registry.run("r:v1").isStored == false && world.registry.run("m").isStored)
  }

  @Test(arguments: longCalls)
  private func `a handler that returns sees the progress of every method end at its total`(call: LongCall) throws {
    let world = try World()
    var last = (done: 0, total: 0)
    var calls = 0
    try call.body(world) { done, total in
      #expect(done >= 0 && done <= total)
      last = (done, total)
      calls += 1
    }
    #expect(calls > 0 && last.done == last.total)
  }
}
