// Goes through the main uses of the library in a temporary folder, and checks every result.

import Foundation
import WinitRegistry

@main struct Example {
  static func main() async {
    let folder = FileManager.default.temporaryDirectory.appending(path: "winit-example-\(UUID().uuidString)")
    var status: Int32 = 0
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let path = folder.appending(path: "winit.sqlite").path
      let registry = try Registry(openingOrCreating: path)
      let run = try createRun(in: registry)
      try readShards(of: run, in: registry)
      try verifyRun(run, in: registry)
      try auditFile(folder.appending(path: "tiny.safetensors").path, of: run, in: registry)
      try await cancelCreate(in: registry)
    } catch {
      print("error: \(error)")
      status = 1
    }
    try? FileManager.default.removeItem(at: folder)
    exit(status)
  }
}

/// A result that is not as it should be.
struct Failure: Error, CustomStringConvertible {
  let description: String
}

/// Prints a statement that must be true.
///
/// - Throws: `Failure` if the statement is false.
func check(_ statement: String, _ isTrue: Bool) throws {
  guard isTrue else { throw Failure(description: "not true: \(statement)") }
  print("ok: \(statement)")
}
