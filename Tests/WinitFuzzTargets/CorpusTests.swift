import Foundation
import Testing
import WinitFuzzTargets
import WinitTestSupport

private let corpora = VectorFile.repository.appending(path: "Fuzz/corpus")

private func files(_ name: String) throws -> [URL] {
  try FileManager.default.contentsOfDirectory(
    at: corpora.appending(path: name), includingPropertiesForKeys: nil
  ).sorted { $0.path < $1.path }
}

@Suite struct CorpusTests {
  @Test("whatever fuzzing found holds its promises, in no time", arguments: FuzzTarget.all.map(\.name))
  func replay(name: String) throws {
    let target = try #require(FuzzTarget.all.first { $0.name == name })
    let files = try files(name)
    var accepted = 0
    for file in files {
      let bytes = Array(try Data(contentsOf: file))
      let start = ContinuousClock.now
      do {
        if case .accepted = try target(bytes) { accepted += 1 }
      } catch { Issue.record("\(file.lastPathComponent): \(error)") }
      // Each takes milliseconds; a machine under load gets its time.
      #expect(start.duration(to: .now) < .seconds(20), "\(file.lastPathComponent)")
    }
    // A corpus that is all refused, or all accepted, tests half a parser.
    #expect(accepted >= 3 && files.count - accepted >= 3, "\(accepted) of \(files.count)")
  }

  @Test("every corpus has its parser, and all are small")
  func corpus() throws {
    let found = try FileManager.default.contentsOfDirectory(atPath: corpora.path).sorted()
    #expect(found == FuzzTarget.all.map(\.name).sorted())
    let all = try found.flatMap { try files($0) }
    #expect(all.count <= 250)
    let sizes = try all.map { try $0.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0 }
    #expect(sizes.reduce(0, +) <= 300_000)
  }

  @Test("the program that fuzzes replays files too, and says what the parser says")
  func program() throws {
    let folder = try TemporaryFolder()
    try folder.write("good", "[1]")
    try folder.write("bad", "[1")
    let path = Command.product("winit-fuzz")
    let outcome = try ChildProcess(path, ["json", "good", "bad"], in: folder.url.path).wait()
    #expect(outcome.status == 0)
    #expect(
      outcome.output == "good: accepted\nbad: refused: not valid JSON at byte 2: expected `,` or `]`\n")
    #expect(try ChildProcess(path, ["jsn", "good"], in: folder.url.path).wait().status == 64)
  }

  @Test(
    "no safetensors file that the reference reader refuses is accepted",
    .enabled(if: Python.isAvailable, "needs $WINIT_PYTHON with safetensors; tools/test makes one"))
  func reference() throws {
    let folder = try TemporaryFolder()
    let outcome = try Python.run("check_safetensors.py", [Command.product("winit-fuzz"), "4000"], in: folder)
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    #expect(outcome.output.contains("4000 files, 0 differences"))
  }
}
