// What the tests of the library share: a registry in a temporary folder, specs, and errors by their code.

import Foundation
import GRDB
import Testing
import WinitRegistry
import WinitTestSupport

/// A small model with an integer, a boolean and every floating-point dtype, an empty tensor, a scalar, and tensors of
/// more than one chunk.
let smallSpec = """
  dtype: float32
  tensors:
    h.0.w: [300, 1024]
    h.0.b: {shape: [5], dtype: float16}
    emb: {shape: [700, 700], dtype: bfloat16, init: {scheme: truncated_normal, std: 0.5}}
    wide: {shape: [7, 30011], dtype: float64, init: {scheme: uniform, low: -0.1, high: 0.3}}
    steps: {shape: [], dtype: int64, init: {scheme: constant, value: 7}}
    mask: {shape: [3, 3], dtype: bool, init: ones}
    empty: [0, 4]
  rules:
    - {match: "*.b", init: zeros}
    - {match: "*", init: {scheme: normal, std: 0.02}}
  """

/// A model of one tensor of two elements.
let tinySpec = "tensors: {w: [2]}\nrules: [{match: w, init: normal}]"

/// A model of one tensor of two chunks.
let twoChunkSpec = "tensors: {w: [300, 1024]}\nrules: [{match: w, init: {scheme: normal, std: 0.02}}]"

/// The error of progress handlers that stop an operation.
struct Stop: Error {}

/// A registry in a temporary folder. The first write creates its file, `r`.
struct Fixture {
  let folder: TemporaryFolder
  let registry: Registry

  init() throws {
    folder = try TemporaryFolder()
    registry = try Registry(openingOrCreating: folder.path("r"))
  }

  /// Creates a run. `configure` changes the options.
  func create(
    _ name: String = "m", _ spec: String = smallSpec, seed: UInt64 = 42, recipeOnly: Bool = false,
    configure: (inout CreateOptions) -> Void = { _ in }
  ) throws -> Run {
    var options = CreateOptions()
    options.recipeOnly = recipeOnly
    configure(&options)
    return try registry.create(name, spec: ModelSpec(parsing: spec), seed: seed, options: options).run
  }

  /// Writes a checkpoint of float32 tensors and imports it.
  func importRun(_ name: String, _ tensors: [SafetensorsFixture]) throws -> Run {
    let path = folder.path("\(name).checkpoint")
    try writeSafetensors(path, tensors)
    return try registry.importCheckpoint(path, as: name).run
  }

  /// Changes the file without the library, and without triggers and foreign keys.
  func tamper(_ sql: String) throws {
    var configuration = Configuration()
    configuration.foreignKeysEnabled = false
    let db = try DatabaseQueue(path: folder.path("r"), configuration: configuration)
    try db.write { db in
      let triggers = try Row.fetchAll(db, sql: "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
      for trigger in triggers { try db.execute(sql: "DROP TRIGGER \(trigger["name"] as String)") }
      try db.execute(sql: sql)
      for trigger in triggers { try db.execute(sql: trigger["sql"]) }
    }
    try db.close()
  }

  /// Replaces the stored bytes of a chunk of a tensor by zeros.
  func damage(_ tensor: String, chunk: Int = 0) throws {
    try tamper(
      """
      UPDATE chunks SET bytes = zeroblob(size) WHERE id IN (
        SELECT chunk FROM tensor_chunks JOIN tensors ON tensors.id = tensor
        WHERE name = '\(tensor)' AND tensor_chunks.position = \(chunk))
      """)
  }

  /// Returns the number of rows of a table, read without the library.
  func count(_ table: String) throws -> Int? {
    try DatabaseQueue(path: folder.path("r")).read {
      try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)")
    }
  }
}

/// Expects that a body throws `RegistryError` with a code.
///
/// ```swift
/// expectError(.runNotFound) { try registry.run("gone") }
/// ```
///
/// - Returns: the error; nil where the body threw none, or an error of another type.
@discardableResult
func expectError<T>(
  _ code: RegistryError.Code, _ comment: @autoclosure () -> Comment? = nil,
  sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> T
) -> RegistryError? {
  let error = #expect(throws: RegistryError.self, comment(), sourceLocation: sourceLocation) { _ = try body() }
  if let error { #expect(error.code == code, comment() ?? "\(error)", sourceLocation: sourceLocation) }
  return error
}
