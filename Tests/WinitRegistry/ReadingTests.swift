import Foundation
import Testing
import WinitRegistry
import WinitTestSupport

@Suite struct ReadingTests {
  @Test(
    "a tensor comes straight into the caller's memory, at any alignment, stored or not",
    arguments: [false, true], [0, 1, 2, 5])
  func callersMemory(recipeOnly: Bool, threads: Int) throws {
    let fixture = try Fixture()
    // More than one batch of sixteen full chunks.
    let spec =
      "tensors:\n  w: [19, 300007]\n  v: [0, 3]\nrules:\n  - {match: '*', init: {scheme: normal, std: 0.02}}\n"
    let run = try fixture.create("m", spec, recipeOnly: recipeOnly)
    for tensor in try fixture.registry.tensors(of: run) {
      let size = tensor.recipe.byteCount
      var memory = [UInt8](repeating: 0xA5, count: size + 4)
      try memory.withUnsafeMutableBytes {
        let inner = UnsafeMutableRawBufferPointer(rebasing: $0[3..<size + 3])
        try fixture.registry.read(tensor.name, in: run, into: inner, threads: threads)
      }
      let expected = tensor.recipe.bytes(0..<tensor.recipe.shape.elementCount)
      #expect(Array(memory[3..<size + 3]) == expected)
      #expect(memory[..<3] == [0xA5, 0xA5, 0xA5] && memory.last == 0xA5)
      #expect(try fixture.registry.bytes(of: tensor.name, in: run, threads: threads) == expected)

      var filled = [UInt8](repeating: 0xA5, count: size)
      filled.withUnsafeMutableBytes {
        tensor.recipe.fill(0..<tensor.recipe.shape.elementCount, into: $0, threads: threads)
      }
      #expect(filled == expected)
    }
  }

  @Test("memory of another size, and a recipe that no longer gives its digest, are refused")
  func refused() throws {
    let fixture = try Fixture()
    let run = try fixture.create(recipeOnly: true)
    var memory = [UInt8](repeating: 0, count: 4 * 300 * 1024)
    func read(_ count: Int) throws {
      try memory.withUnsafeMutableBytes {
        try fixture.registry.read(
          "h.0.w", in: run, into: UnsafeMutableRawBufferPointer(rebasing: $0[..<count]))
      }
    }
    try read(memory.count)
    #expect(throws: RegistryError.self) { try read(memory.count - 1) }
    let law = #"{"law":"normal","mean":0,"std":0.03125}"#
    try fixture.tamper("UPDATE tensors SET law = '\(law)' WHERE name = 'h.0.w'")
    #expect(throws: RegistryError.self) { try read(memory.count) }
  }
}
