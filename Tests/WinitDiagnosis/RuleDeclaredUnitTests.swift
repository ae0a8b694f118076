// Equal outputs and inputs under laws of expressions and of parts: declared, or a finding.

import Testing
import WinitCore
import WinitDiagnosis
import WinitInitializers
import WinitJSON

@Suite struct RuleDeclaredUnitTests {
  private let normal = Law.normal(mean: 0, std: 1)

  private func findings(_ tensor: TestTensor, _ law: Law, scheme: String = "expression") -> [String] {
    var tensor = tensor
    (tensor.law, tensor.scheme) = (law, ["scheme": .string(scheme)])
    return brief(TestModel(tensors: [tensor, .he("next.weight", 32)]).findings())
  }

  /// 16 outputs of 32 inputs.
  private func weight(_ name: String = "fc.weight", equal rows: [Int]) -> TestTensor {
    var tensor = TestTensor.normal(name, [16, 32], std: 0.2)
    for row in rows.dropFirst() { tensor.copyOutput(rows[0], to: row) }
    return tensor
  }

  private func parts(_ law: Law, rows: Range<Int>, columns: Range<Int>? = nil) -> Law {
    let whole = LawPart(box: [], law: normal, stream: nil)
    return .parts([whole, LawPart(box: [rows] + [columns].compactMap(\.self), law: law, stream: nil)])
  }

  @Test func `equal outputs of an expression are found`() {
    let scaled = Law.expression(draw: normal, tree: .binary(.multiply, .number(0.2), .draw))
    #expect(findings(weight(equal: [3, 7]), scaled) == ["warning identical-neurons fc.weight"])
    #expect(findings(weight(equal: []), scaled) == [])
    // 0.01 · j gives every output the same elements.
    let computed = Law.expression(draw: nil, tree: .binary(.multiply, .number(0.01), .index(1)))
    #expect(
      findings(weight(equal: Array(0..<16)), computed) == ["error identical-neurons fc.weight"])
  }

  @Test func `a table that an expression computes may repeat its rows and columns`() {
    let computed = Law.expression(draw: nil, tree: .index(1))
    #expect(findings(weight("bias_embedding.weight", equal: [3, 7]), computed) == [])
    #expect(findings(weight("A_log", equal: [3, 7]), computed) == [])
    var table = weight("pos_embed.weight", equal: [])
    for row in 0..<16 { table.elements[row * 32 + 30] = table.elements[row * 32 + 31] }
    #expect(findings(table, computed) == [])
  }

  @Test(arguments: [
    (Law.constant(value: 1), 8..<12, [8, 9], []), (.literal, 8..<12, [8, 9, 11], []),
    (.eye(value: 1), 8..<12, [8, 9], []),
    // One of the equal outputs is drawn.
    (.constant(value: 1), 8..<12, [8, 12], ["warning identical-neurons fc.weight"]),
    (.normal(mean: 0, std: 2), 8..<12, [8, 9], ["warning identical-neurons fc.weight"]),
    (.constant(value: 1), 8..<12, [3, 5], ["warning identical-neurons fc.weight"]),
  ])
  private func `outputs in a part are declared if its law has no draw`(
    law: Law, rows: Range<Int>, equal: [Int], found: [String]
  ) {
    #expect(findings(weight(equal: equal), parts(law, rows: rows), scheme: "parts") == found)
  }

  @Test func `outputs that a part holds only in some columns are drawn`() {
    let found = ["warning identical-neurons fc.weight"]
    let law = parts(.constant(value: 1), rows: 8..<12, columns: 0..<31)
    #expect(findings(weight(equal: [8, 9]), law, scheme: "parts") == found)
    // A drawn part over the constant one.
    let over = Law.parts([
      LawPart(box: [], law: .constant(value: 1), stream: nil),
      LawPart(box: [8..<12, 31..<32], law: normal, stream: nil),
    ])
    #expect(findings(weight(equal: [8, 9]), over, scheme: "parts") == found)
    #expect(findings(weight(equal: [3, 5]), over, scheme: "parts") == [])
  }

  @Test func `equal inputs in a part of a constant are declared`() {
    var tensor = weight(equal: [])
    for row in 0..<16 { tensor.elements[row * 32 + 5] = tensor.elements[row * 32 + 4] }
    let constant = parts(.constant(value: 1), rows: 0..<16, columns: 4..<6)
    #expect(findings(tensor, constant, scheme: "parts") == [])
    let drawn = parts(normal, rows: 0..<16, columns: 4..<6)
    #expect(findings(tensor, drawn, scheme: "parts") == ["information identical-inputs fc.weight"])
  }

  /// An element of one magnitude has the bit of its sign: 32 of them are equal by chance once in 2³² pairs, which is
  /// below the 64 bits that the rule asks for.
  @Test(arguments: [(32, 0), (64, 1)])
  func `binary outputs have one random bit for each element`(inputs: Int, count: Int) {
    var tensor = TestTensor.normal("fc.weight", [16, inputs], std: 1)
    tensor.elements = tensor.elements.map { $0 < 0 ? -0.1 : 0.1 }
    tensor.copyOutput(3, to: 7)
    let sign = Law.expression(draw: normal, tree: .unary(.tanh, .draw))
    #expect(findings(tensor, sign).count { $0.contains("identical-neurons") } == count)
  }
}
