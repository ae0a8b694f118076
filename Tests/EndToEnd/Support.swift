// Shared by all suites: a folder in which the command runs, and specs.

import Foundation
import Testing
import WinitJSON
import WinitTestSupport

/// A folder in which the command runs.
struct Workplace {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Runs the command; its words are split at spaces.
  func run(_ words: String, _ more: [String] = [], environment: [String: String] = [:]) throws -> Outcome {
    try Command.run(words.split(separator: " ").map(String.init) + more, in: folder, environment: environment)
  }

  /// Runs it and expects success.
  @discardableResult
  func succeed(_ words: String, _ more: [String] = [], _ location: SourceLocation = #_sourceLocation) throws
    -> Outcome
  {
    let outcome = try run(words, more)
    #expect(outcome.status == 0, "\(outcome.errors)", sourceLocation: location)
    return outcome
  }

  /// Runs it with --json and reads what it prints, which must be JSON and nothing else.
  func json(_ words: String, _ location: SourceLocation = #_sourceLocation) throws -> JSONValue {
    try JSONValue(parsing: succeed(words + " --json", [], location).output)
  }

  /// Changes the registry with Python's sqlite3, without the triggers that keep records as they are. The statement can
  /// have one parameter.
  func change(_ statement: String, _ parameter: String? = nil) throws {
    let script = """
      import sqlite3, sys
      connection = sqlite3.connect("winit.sqlite")
      triggers = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
      for name, _ in triggers: connection.execute(f"DROP TRIGGER {name}")
      connection.execute(sys.argv[1], sys.argv[2:])
      for _, sql in triggers: connection.execute(sql)
      connection.commit()
      """
    let outcome = try ChildProcess(
      "/usr/bin/env", ["python3", "-c", script, statement] + [parameter].compactMap(\.self), in: folder.url.path
    ).wait()
    try #require(outcome.status == 0, "\(outcome.errors)")
  }

  /// Runs a script of /bin/sh, which finds the command as `winit-registry` on its PATH.
  func shell(_ script: String, environment: [String: String] = [:]) throws -> Outcome {
    let bin = try TemporaryFolder()
    try FileManager.default.createSymbolicLink(
      atPath: bin.path("winit-registry"), withDestinationPath: Command.path)
    let path = bin.url.path + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "")
    return try ChildProcess(
      "/bin/sh", ["-c", script], in: folder.url.path,
      environment: ["PATH": path, "WINIT_REGISTRY": ""].merging(environment) { $1 }
    ).wait()
  }
}

/// True if WINIT_RECORD=1 asks the tests to rewrite the recorded files.
let isRecording = ProcessInfo.processInfo.environment["WINIT_RECORD"] == "1"

/// The path of a spec in specs/.
func spec(_ name: String) -> String { VectorFile.repository.appending(path: "specs/\(name).yaml").path }

/// A model of two tensors, which fills and hashes in an instant.
let tinySpec =
  "tensors: {w: [4, 8], b: [8]}\nrules: [{match: b, init: zeros}, {match: w, init: {scheme: normal, std: 0.02}}]"

/// Every elementwise law, every family of dtypes, an empty tensor, a scalar, tensors of several chunks, and a name outside
/// ASCII.
let smallSpec = """
  tensors:
    h.0.w: [300, 1024]
    h.0.b: {shape: [5], dtype: float16}
    emb: {shape: [700, 700], dtype: bfloat16, init: {scheme: truncated_normal, std: 0.5}}
    wide: {shape: [7, 30011], dtype: float64, init: {scheme: uniform, low: -0.1, high: 0.3}}
    steps: {shape: [], dtype: int64, init: {scheme: constant, value: 7}}
    mask: {shape: [3, 3], dtype: bool, init: ones}
    "\u{E9}": [3]
    empty: [0, 4]
  rules:
    - {match: "*.b", init: zeros}
    - {match: "*", init: {scheme: normal, std: 0.02}}
  """
