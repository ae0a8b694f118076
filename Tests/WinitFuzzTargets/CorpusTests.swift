// The corpora of the fuzzer, replayed.

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
  @Test(arguments: FuzzTarget.all.map(\.name))
  func `every file of the corpora passes its fuzz target within 20 seconds`(name: String) throws {
    let target = try #require(FuzzTarget.all.first { $0.name == name })
    let files = try files(name)
    var accepted = 0
    for file in files {
      let bytes = Array(try Data(contentsOf: file))
      let start = ContinuousClock.now
      do {
        if case .accepted = try target(bytes) { accepted += 1 }
      } catch { Issue.record("\(file.lastPathComponent): \(error)") }
      // A file takes milliseconds; the limit is for machines under load.
      #expect(start.duration(to: .now) < .seconds(20), "\(file.lastPathComponent)")
    }
    // A corpus without accepted or without refused files tests half of a parser.
    #expect(accepted >= 3 && files.count - accepted >= 3, "\(accepted) of \(files.count)")
  }

  @Test func `every fuzz target has a corpus, and the corpora are small`() throws {
    let found = try FileManager.default.contentsOfDirectory(atPath: corpora.path).sorted()
    #expect(found == FuzzTarget.all.map(\.name).sorted())
    let all = try found.flatMap { try files($0) }
    #expect(all.count <= 300)
    let sizes = try all.map { try $0.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0 }
    #expect(sizes.reduce(0, +) <= 300_000)
  }

  @Test func `winit-fuzz replays files and prints the verdicts of the target`() throws {
    let folder = try TemporaryFolder()
    try folder.write("good", "[1]")
    try folder.write("bad", "[1")
    let path = Command.product("winit-fuzz")
    let outcome = try ChildProcess(path, ["json", "good", "bad"], in: folder.url.path).wait()
    #expect(outcome.status == 0)
    let target = try #require(FuzzTarget.all.first { $0.name == "json" })
    let (good, bad) = (try target(Array("[1]".utf8)), try target(Array("[1".utf8)))
    #expect(outcome.output == "good: \(good)\nbad: \(bad)\n")
    #expect("\(good)" == "accepted" && "\(bad)".hasPrefix("refused: "))
    #expect(try ChildProcess(path, ["jsn", "good"], in: folder.url.path).wait().status == 64)
  }

  @Test(.enabled(if: Python.isAvailable, "needs $WINIT_PYTHON with safetensors; tools/test makes one"))
  func `every safetensors file that the reader accepts is accepted by the reference reader`() throws {
    let folder = try TemporaryFolder()
    let outcome = try Python.run("safetensors_reader", [Command.product("winit-fuzz"), "4000"], in: folder)
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    #expect(outcome.output.contains("4000 files, 0 differences"))
  }
}
