// The examples of docs/spec.md about networks and allowed findings.

import Foundation
import Testing
import WinitDiagnosis
import WinitSpec
import WinitTestSupport

@Suite struct NetworkDocumentTests {
  /// The YAML blocks of a section of docs/spec.md.
  private func blocks(_ section: String) throws -> [String] {
    let text = try String(
      contentsOf: VectorFile.repository.appending(path: "docs/spec.md"), encoding: .utf8)
    let part = try #require(text.components(separatedBy: "\n## \(section)\n").dropFirst().first)
    let body = part.components(separatedBy: "\n## ")[0]
    return body.components(separatedBy: "```yaml\n").dropFirst().map { $0.components(separatedBy: "```")[0] }
  }

  @Test func `the examples of networks in docs/spec.md resolve`() throws {
    let blocks = try blocks("Network")
    #expect(blocks.count == 2)
    for (block, count) in zip(blocks, [2, 5]) {
      let plan = try plan(block)
      #expect(plan.network?.network.entries.count == count && plan.warnings.isEmpty, "\(block)")
    }
  }

  @Test func `the example of an allowed finding in docs/spec.md resolves`() throws {
    let blocks = try blocks("Allowed findings")
    #expect(blocks.count == 1)
    #expect(try plan(blocks[0]).allowed.map(\.code) == [.nonzeroMean])
  }

  @Test(arguments: [
    "{input: [3, 224, 224], std: 1}", "{embedding: W}", "{embedding: [W, P]}",
    "{weight: W, bias: B, activation: relu, stride: 1, padding: 0, groups: 1, transposed: false}",
    "{activation: relu}", "{norm: layer, weight: W, bias: B}", "{pool: max, size: 2, stride: 2, padding: 0}",
    "{attention: {query: Q, key: K, value: V, output: O, heads: 8, causal: true}}",
    "{gate: {gate: G, up: U, activation: silu}}", "{residual: [entries], shortcut: [entries]}",
    "{repeat: \"h.{i}\", of: [entries]}",
  ])
  func `the table of entries in docs/spec.md has the grammar that specs read`(entry: String) throws {
    let text = try String(
      contentsOf: VectorFile.repository.appending(path: "docs/spec.md"), encoding: .utf8)
    #expect(text.contains("`\(entry)`"))
    let yaml = entry.replacing("entries", with: "{activation: relu}")
    // Tensors of the wrong rank or size are problems of the tensors, and not of the grammar.
    let tensors = "tensors: {W: [4, 4, 1, 1], B: [4], P: [4, 4], h.0.x: [1]}\nrules: [{match: '*', init: zeros}]"
    let found = try problems("\(tensors)\nnetwork: [\(yaml)]")
    #expect(found.allSatisfy { $0.hasSuffix("invalidNetwork") || $0.hasSuffix("unknownTensor") }, "\(found)")
  }
}
