// Recipes of tensors that depend on others.

import Testing
import WinitCore

@Suite struct RecipeGraphTests {
  private func node(
    _ name: String, _ law: Law? = nil, tiedTo target: String? = nil, dims: [Int] = [1], dtype: DType = .float32,
    seed: UInt64 = 1, stream: UInt64 = 2
  ) throws -> RecipeGraph.Node {
    RecipeGraph.Node(
      name: TensorName(name), seed: seed, stream: stream, dtype: dtype, shape: try Shape(dims), law: law,
      target: target.map { TensorName($0) })
  }

  private func recipes(_ nodes: [RecipeGraph.Node]) throws -> [Recipe] {
    var graph = RecipeGraph(nodes)
    return try graph.all()
  }

  @Test func `a tied tensor has the recipe of its target, and is refused if it is another tensor`() throws {
    let target = try node("v", .normal(mean: 0, std: 1))
    let same = try recipes([node("w", tiedTo: "v"), target])
    #expect(same[0] == same[1])
    for other in [
      try node("w", tiedTo: "v", dims: [1, 1]), try node("w", tiedTo: "v", dtype: .float64),
      try node("w", tiedTo: "v", seed: 3), try node("w", tiedTo: "v", stream: 3), try node("w", tiedTo: "w"),
      try node("w", tiedTo: "x"),
    ] {
      #expect(throws: TensorFailure.self) { try recipes([target, other]) }
    }
  }

  @Test(arguments: [true, false])
  func `sixteen norms are a chain, and more or a circle are refused in any order`(isReversed: Bool) throws {
    func chain(_ count: Int, end: RecipeGraph.Node?) throws -> [RecipeGraph.Node] {
      let norms = try (0..<count).map { index in
        try node("n\(index)", .normOf(TensorName("n\(index + 1)"), axes: [0]))
      }
      let nodes = norms + (end.map { [$0] } ?? [])
      return isReversed ? nodes.reversed() : nodes
    }
    #expect(try recipes(chain(16, end: node("n16", .constant(value: 2)))).count == 17)
    #expect(
      try recipes(chain(15, end: node("n15", .constant(value: -2)))).allSatisfy {
        try $0.bytes(0..<1)[3] & 0x7F == 0x40
      })
    for nodes in [
      try chain(17, end: node("n17", .constant(value: 2))), try chain(20_000, end: node("n20000", .constant(value: 2))),
      try chain(3, end: node("n3", .normOf(TensorName("n0"), axes: [0]))),
      try chain(3, end: node("n3", tiedTo: "n1")), try chain(3, end: nil),
    ] {
      #expect(throws: TensorFailure.self) { try recipes(nodes) }
    }
  }
}
