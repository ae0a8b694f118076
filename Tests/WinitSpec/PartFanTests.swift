// The fans of schemes in boxes of a tensor.

import Testing
import WinitCore
import WinitSpec

/// The bound of the last part of a tensor, or of a whole tensor with a uniform law.
private func bound(_ plan: Plan, _ name: String) throws -> Float {
  var law = try #require(plan.tensors.first { $0.name == TensorName(name) }).law
  if case .parts(let parts) = law { law = try #require(parts.last).law }
  guard case .uniform(_, _, _, let high) = law else {
    Issue.record("`\(name)` has the law \(law.name)")
    return 0
  }
  return high
}

/// The bound of Xavier uniform, √3·√(2/(fan_in + fan_out)), rounded once.
private func xavier(_ fanIn: Double, _ fanOut: Double) -> Float {
  Float(3.0.squareRoot() * (2 / (fanIn + fanOut)).squareRoot())
}

@Suite struct PartFanTests {
  @Test func `the query block of a fused projection has the bound of a projection of its own`() throws {
    let plan = try plan(
      """
      tensors: {in_proj_weight: [192, 64]}
      rules: [{match: "*", init: {scheme: parts, base: zeros, parts: [{box: [[0, 64]], init: xavier_uniform}]}}]
      """)
    // √(6/128), not √(6/256).
    #expect(try bound(plan, "in_proj_weight") == 0.21650635)
    #expect(try bound(plan, "in_proj_weight") == xavier(64, 64))
  }

  @Test func `a box of an expert is the matrix that it holds, with the draws and the law of a tensor of its own`()
    throws
  {
    let plan = try plan(
      """
      tensors: {experts.gate_up_proj: [4, 96, 64], experts.0.gate_proj.w: [48, 64]}
      rules:
        - match: "{p}.gate_up_proj"
          init: {scheme: parts, base: zeros, parts: [{box: [[0, 1], [0, 48]], init: xavier_uniform, stream: "{p}.0.gate_proj.w"}]}
        - {match: "*", init: xavier_uniform}
      """)
    // √(6/112).
    #expect(try bound(plan, "experts.gate_up_proj") == xavier(64, 48))
    #expect(try abs(bound(plan, "experts.gate_up_proj") - 0.231455) < 1e-6)
    func bytes(_ name: String) throws -> ArraySlice<UInt8> {
      let tensor = try #require(plan.tensors.first { $0.name == TensorName(name) })
      let recipe = try Recipe(
        seed: 7, stream: tensor.streamName.stream, dtype: tensor.dtype, shape: tensor.shape, law: tensor.law)
      return try recipe.bytes(0..<48 * 64)[...]
    }
    #expect(try bytes("experts.gate_up_proj") == bytes("experts.0.gate_proj.w"))
  }

  // The box and what the part gives, and the fans that follow from the shape [4, 96, 64] of the tensor.
  @Test(
    arguments: [
      ("box: [[0, 1]]", "", 64, 96), ("box: [[0, 1], [0, 48]]", "layout: keras", 48, 64),
      // Without an axis of length 1, torch's layout reads [out, in, …spatial].
      ("box: [[0, 2]]", "", 96 * 64, 2 * 64),
      // The axes of `fans` are those of the tensor.
      ("box: [[0, 1], [0, 48]]", "fans: {in: [1], out: [2], batch: [0]}", 48, 64),
      ("box: [[0, 2], [0, 48]]", "fans: {in: [1], out: [2], batch: [0]}", 48, 64),
      ("box: [[0, 1]]", "fan_of: other", 5, 3), ("box: []", "", 96 * 64, 4 * 64),
    ] as [(String, String, Double, Double)])
  func `a part takes the fans of its box, or those that it gives itself`(
    box: String, own: String, fanIn: Double, fanOut: Double
  ) throws {
    let own = own.isEmpty ? "" : ", \(own)"
    let plan = try plan(
      """
      tensors: {w: [4, 96, 64], other: {shape: [3, 5], init: zeros}}
      rules: [{match: w, init: {scheme: parts, base: zeros, parts: [{\(box), init: xavier_uniform\(own)}]}}]
      """)
    #expect(try bound(plan, "w") == xavier(fanIn, fanOut))
  }

  @Test func `an expression in a part has the fans of the box and the dimensions of the tensor`() throws {
    let plan = try plan(
      """
      tensors: {w: [12, 4]}
      rules:
        - match: w
          init: {scheme: parts, base: zeros, parts: [{box: [[0, 3]], init: {scheme: uniform, low: 0, high: "dim[0] + fan_out / 8"}}]}
      """)
    #expect(try bound(plan, "w") == 12 + 3.0 / 8)
  }

  @Test(arguments: [
    ("{box: [[0, 1]], init: xavier_uniform}", "2 w noFans"),
    ("{box: [[0, 1]], init: zeros, layout: keras, fans: {in: [0], out: [1]}}", "2 w conflictingKeys"),
    ("{box: [[0, 1]], init: zeros, fan_off: x}", "2 w unknownKey"),
    ("{box: [[0, 1]], init: xavier_uniform, fan_of: x}", "2 w unknownTensor"),
    ("{box: [[0, 0]], init: he_normal, fans: {in: [0], out: [1]}}", "2 w noFans"),
  ])
  func `a box without fans, and a part with a wrong key, are errors`(part: String, expected: String) throws {
    let text = "tensors:\n  w: {shape: [12, 4], init: {scheme: parts, base: zeros, parts: [\(part)]}}"
    #expect(try problems(text) == [expected])
  }
}
