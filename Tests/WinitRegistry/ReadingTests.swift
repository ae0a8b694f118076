// Tensors in memory of the caller.

import Foundation
import Testing
import WinitCore
import WinitRegistry
import WinitStorage
import WinitTestSupport

/// Reads a tensor into memory at an odd address, with bytes before and behind it that the read must not change.
private func readAtOddAddress(_ tensor: RunTensor, of run: Run, in registry: Registry, threads: Int? = nil) throws
  -> [UInt8]
{
  let size = tensor.byteCount
  var memory = [UInt8](repeating: 0xA5, count: size + 4)
  try memory.withUnsafeMutableBytes {
    let inner = UnsafeMutableRawBufferPointer(rebasing: $0[3..<size + 3])
    #expect(inner.baseAddress.map { Int(bitPattern: $0) % 2 } == 1)
    try registry.read(tensor.name, in: run, into: inner, threads: threads)
  }
  #expect(memory[..<3] == [0xA5, 0xA5, 0xA5] && memory.last == 0xA5)
  return Array(memory[3..<size + 3])
}

@Suite struct ReadingTests {
  @Test(arguments: [false, true], [0, 1, 2, 5])
  func `a tensor, stored or not, is read into memory at an odd address, and the bytes around it do not change`(
    recipeOnly: Bool, threads: Int
  ) throws {
    let fixture = try Fixture()
    // More than one batch of sixteen full chunks.
    let spec =
      "tensors:\n  w: [19, 300007]\n  v: [0, 3]\nrules:\n  - {match: '*', init: {scheme: normal, std: 0.02}}\n"
    let run = try fixture.create("m", spec, recipeOnly: recipeOnly)
    for tensor in try fixture.registry.tensors(of: run) {
      let (recipe, count) = (tensor.record.recipe, tensor.record.recipe.shape.elementCount)
      let expected = try recipe.bytes(0..<count)
      #expect(try readAtOddAddress(tensor, of: run, in: fixture.registry, threads: threads) == expected)
      #expect(try fixture.registry.bytes(of: tensor.name, in: run, threads: threads) == expected)

      var filled = [UInt8](repeating: 0xA5, count: tensor.byteCount)
      try filled.withUnsafeMutableBytes { try recipe.fill(0..<count, into: $0, threads: threads) }
      #expect(filled == expected)
    }
  }

  @Test(arguments: [0, 1])
  func `a damaged stored chunk is regenerated in the memory of the caller`(chunk: Int) throws {
    let fixture = try Fixture()
    let run = try fixture.create("m", twoChunkSpec)
    let tensor = try fixture.registry.tensors(of: run)[0]
    try fixture.damage("w", chunk: chunk)
    let expected = try tensor.record.recipe.bytes(0..<300 * 1024)
    #expect(try readAtOddAddress(tensor, of: run, in: fixture.registry) == expected)
  }

  @Test func `memory of another size is refused, and a recipe that no longer gives its digest is a mismatch`() throws {
    let fixture = try Fixture()
    let run = try fixture.create(recipeOnly: true)
    let size = 4 * 300 * 1024
    var memory = [UInt8](repeating: 0, count: size + 1)
    func read(_ count: Int) throws {
      try memory.withUnsafeMutableBytes {
        try fixture.registry.read("h.0.w", in: run, into: UnsafeMutableRawBufferPointer(rebasing: $0[..<count]))
      }
    }
    try read(size)
    for count in [0, 1, size - 1, size + 1] { expectError(.invalidArgument) { try read(count) } }
    expectError(.tensorNotFound) {
      try memory.withUnsafeMutableBytes { try fixture.registry.read("none", in: run, into: $0) }
    }
    let law = #"{"law":"normal","mean":0,"std":0.03125}"#
    try fixture.tamper("UPDATE tensors SET law = '\(law)' WHERE name = 'h.0.w'")
    expectError(.mismatch) { try read(size) }
  }
}
