import Foundation
import GRDB
import Testing
import WinitRegistry
import WinitTestSupport

/// A small model with every law, several dtypes, an empty tensor, a scalar, and tensors of more than one chunk.
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

/// A registry in a folder of its own.
struct Fixture {
  let folder: TemporaryFolder
  let registry: Registry

  init() throws {
    folder = try TemporaryFolder()
    registry = try Registry(openingOrCreating: folder.path("r"))
  }

  func create(
    _ name: String = "m", _ spec: String = smallSpec, seed: UInt64 = 42, recipeOnly: Bool = false,
    threads: Int? = nil
  ) throws -> Run {
    var options = CreateOptions()
    options.recipeOnly = recipeOnly
    options.threads = threads
    return try registry.create(
      name, spec: ModelSpec(parsing: spec, file: "spec.yaml"), seed: seed, options: options
    ).run
  }

  /// Changes the file behind the registry's back, past triggers and references.
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

  func count(_ table: String) throws -> Int? {
    try DatabaseQueue(path: folder.path("r")).read {
      try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)")
    }
  }
}

/// A .safetensors file made here, of float32 tensors.
func writeSafetensors(
  _ path: String, _ tensors: [(name: String, dims: [Int], bytes: [UInt8])], dtype: String = "F32"
) throws {
  var offset = 0
  let entries = tensors.map { tensor in
    defer { offset += tensor.bytes.count }
    return
      #""\#(tensor.name)":{"dtype":"\#(dtype)","shape":\#(tensor.dims),"data_offsets":[\#(offset),\#(offset + tensor.bytes.count)]}"#
  }
  let text = Array("{\(entries.joined(separator: ","))}".utf8)
  let length = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
  try Data(length + text + tensors.flatMap(\.bytes)).write(to: URL(filePath: path))
}
