// The command on processors with fewer instructions than this one, in an emulator.

import Foundation
import Testing
import WinitJSON
import WinitTestSupport

/// A processor of x86-64 that qemu emulates.
private enum EmulatedProcessor: String, CaseIterable {
  /// SSE4.2 and no SHA instructions: chunks are hashed one after another.
  case nehalem = "Nehalem"
  /// AVX2 and no SHA instructions: eight chunks are hashed at once.
  case haswell = "Haswell"

  static let emulator = ProcessInfo.processInfo.environment["WINIT_QEMU_X86_64"] ?? ""
  static let isAvailable = FileManager.default.isExecutableFile(atPath: emulator)

  var kernel: String { self == .nehalem ? "sse2" : "avx2" }

  /// Runs the command with these words, and expects success.
  func succeed(_ words: String, in place: Workplace) throws -> String {
    let outcome = try ChildProcess(
      EmulatedProcessor.emulator,
      ["-cpu", rawValue, Command.path] + words.split(separator: " ").map(String.init),
      in: place.folder.url.path, environment: ["WINIT_REGISTRY": "", "WINIT_KERNEL": ""]
    ).wait()
    #expect(outcome.status == 0, "\(self) \(words): \(outcome.errors.suffix(400))")
    return outcome.output
  }
}

@Suite(.enabled(if: EmulatedProcessor.isAvailable, "needs qemu-x86_64"))
struct OtherProcessorTests {
  @Test(arguments: EmulatedProcessor.allCases)
  fileprivate func `a processor with fewer instructions gives and verifies the same bits`(
    processor: EmulatedProcessor
  ) throws {
    let place = try Workplace()
    let version = try JSONValue(parsing: processor.succeed("version --json", in: place))
    #expect(version["kernel"]?.stringValue == processor.kernel)
    // 19 full chunks, more than any group of messages, and tensors that end within a chunk.
    try place.folder.write(
      "s.yaml", smallSpec.replacing("h.0.w: [300, 1024]", with: "h.0.w: [4900, 1024]"))

    let here = try place.json("create here --seed 7 --spec s.yaml")
    let there = try JSONValue(
      parsing: processor.succeed("create there --seed 7 --spec s.yaml --json --registry there", in: place))
    #expect(there["weights"]?.stringValue == here["weights"]?.stringValue && there["weights"] != nil)
    _ = try processor.succeed("verify there --registry there", in: place)
    _ = try processor.succeed("get there -o there.safetensors --registry there", in: place)

    // A recipe has no stored bytes: each chunk is filled in temporary memory, and hashed there.
    _ = try processor.succeed(
      "create recipe --seed 7 --spec s.yaml --recipe-only --registry there", in: place)
    _ = try processor.succeed("verify recipe --registry there", in: place)
    _ = try processor.succeed("get recipe -o recipe.safetensors --registry there", in: place)

    try place.succeed("get here -o here.safetensors")
    let expected = try place.folder.bytes("here.safetensors")
    #expect(try place.folder.bytes("there.safetensors") == expected)
    #expect(try place.folder.bytes("recipe.safetensors") == expected)
  }
}
