// Networks of specs: what they expand to.

import Testing
import WinitCore
import WinitDiagnosis
import WinitJSON
import WinitSpec

@Suite struct NetworkTests {
  /// The network of a spec as text, one entry on each line.
  private func lines(_ tensors: String, _ network: String, _ more: String = "") throws -> [String] {
    let text = "tensors: {\(tensors)}\nrules: [{match: '*', init: normal}]\n\(more)\nnetwork:\n\(network)"
    return try #require(plan(text).network).network.entries.map { Network([$0]).json.compact }
  }

  @Test func `a layer has its activation, and the bias that goes with the name of its weight`() throws {
    let lines = try lines(
      "net.0.weight: [8, 4], net.0.bias: [8], net.2.weight: [3, 8]",
      """
        - {weight: net.0.weight, activation: leaky_relu(0.2)}
        - {weight: net.2.weight}
      """)
    #expect(
      lines == [
        #"[{"weight":"net.0.weight","bias":"net.0.bias","activation":"leaky_relu(0.2)"}]"#,
        #"[{"weight":"net.2.weight"}]"#,
      ])
  }

  @Test func `an activation behind a layer without one is that of the layer`() throws {
    let lines = try lines(
      "a: [8, 4], b: [8, 8]", "  - {weight: a}\n  - {activation: tanh}\n  - {activation: relu}\n  - {weight: b}")
    #expect(lines == [#"[{"weight":"a","activation":"tanh"}]"#, #"[{"activation":"relu"}]"#, #"[{"weight":"b"}]"#])
  }

  @Test func `bias none leaves the bias out, and a bias of another name can be given`() throws {
    let lines = try lines(
      "a.weight: [8, 4], a.bias: [8], b.weight: [8, 8], shift: [8]",
      "  - {weight: a.weight, bias: none}\n  - {weight: b.weight, bias: shift}")
    #expect(lines == [#"[{"weight":"a.weight"}]"#, #"[{"weight":"b.weight","bias":"shift"}]"#])
  }

  @Test func `numbers are expressions of the spec's values, of the weight's dimensions and of the repeat`() throws {
    let lines = try lines(
      "s.0.weight: [8, 3, 3, 3], s.1.weight: [8, 2, 5, 5], s.2.weight: [8, 8, 1, 1]",
      """
        - {input: [3, 32, 32], std: 2}
        - repeat: s.{k}
          of:
            - weight: weight
              stride: 1 + slow * min(1, k)
              padding: (dim[2] - 1) / 2
              groups: max(1, min(1, k) * (8 / dim[1]))
        - {pool: mean, size: 3}
        - {pool: max, size: 3, stride: 2, padding: 1}
        - {pool: global}
      """, "values: {slow: 1}")
    #expect(
      lines == [
        #"[{"input":[3,32,32],"std":2}]"#, #"[{"weight":"s.0.weight","padding":1}]"#,
        #"[{"weight":"s.1.weight","stride":2,"padding":2,"groups":4}]"#, #"[{"weight":"s.2.weight","stride":2}]"#,
        #"[{"pool":"mean","size":3}]"#, #"[{"pool":"max","size":3,"stride":2,"padding":1}]"#, #"[{"pool":"global"}]"#,
      ])
  }

  @Test func `a repeat runs over the numbers that have tensors, nested ones too, and its names follow the prefix`()
    throws
  {
    let lines = try lines(
      "b.0/x.0.w: [4, 4], b.0/x.1.w: [4, 4], b.1/x.0.w: [4, 4], b.10/x.0.w: [4, 4]",
      "  - repeat: b.{i}/\n    gaps: true\n    of: [{repeat: \"x.{j}\", of: [{weight: w}]}]")
    #expect(
      lines == ["b.0/x.0.w", "b.0/x.1.w", "b.1/x.0.w", "b.10/x.0.w"].map { "[{\"weight\":\"\($0)\"}]" })
  }

  @Test func `an optional entry without its tensors is left out, and so is an entry whose condition is 0`() throws {
    let lines = try lines(
      "a: [4, 4], c: [4, 4, 1]",
      """
        - {input: [4, 9]}
        - {weight: a, rank: 3}
        - {weight: b, optional: true}
        - {norm: layer, weight: n, optional: true}
        - {repeat: "h.{i}", optional: true, of: [{weight: w}]}
        - {residual: [{weight: a}, {weight: b}], optional: true}
        - {residual: [{weight: b, optional: true}], optional: true}
        - {weight: a, if: deep - 1}
        - {weight: c, if: deep, rank: 3}
      """, "values: {deep: 1}")
    #expect(lines == [#"[{"input":[4,9]}]"#, #"[{"weight":"c"}]"#])
  }

  @Test func `attention, gates and residuals name whole tensors`() throws {
    let lines = try lines(
      """
      wte: [9, 4], wpe: [5, 4], h.0.n: [4], h.0.q: [4, 4], h.0.k: [2, 4], h.0.v: [2, 4], h.0.o.weight: [4, 4],
      h.0.o.bias: [4], h.0.g: [6, 4], h.0.u: [6, 4], h.0.d: [4, 6], h.0.s: [4, 4]
      """,
      """
        - {embedding: [wte, wpe]}
        - repeat: h.{i}
          of:
            - residual:
                - {norm: rms, weight: n}
                - {attention: {query: q, key: k, value: v, output: o.weight, heads: "dim[0] / 2", causal: true}}
            - residual:
                - {gate: {gate: g, up: u, activation: swish}}
                - {weight: d}
              shortcut: [{weight: s}]
      """)
    #expect(
      lines == [
        #"[{"embedding":["wte","wpe"]}]"#,
        #"[{"residual":[{"norm":"rms","weight":"h.0.n"},{"attention":{"query":"h.0.q","key":"h.0.k","value":"h.0.v","output":"h.0.o.weight","heads":2,"causal":true,"output_bias":"h.0.o.bias"}}]}]"#,
        #"[{"residual":[{"gate":{"gate":"h.0.g","up":"h.0.u","activation":"silu"}},{"weight":"h.0.d"}],"shortcut":[{"weight":"h.0.s"}]}]"#,
      ])
  }

  @Test func `a star at the beginning of names stands for one text that all of them share`() throws {
    let network = "  - {embedding: '*wte'}\n  - {repeat: '*h.{i}', of: [{weight: w}]}\n  - {weight: '*out'}"
    for prefix in ["", "module.", "a/b."] {
      let lines = try lines("\(prefix)wte: [9, 4], \(prefix)h.0.w: [4, 4], \(prefix)out: [9, 4]", network)
      #expect(
        lines == [
          "[{\"embedding\":[\"\(prefix)wte\"]}]", "[{\"weight\":\"\(prefix)h.0.w\"}]",
          "[{\"weight\":\"\(prefix)out\"}]",
        ])
    }
    #expect(
      try problems(
        "tensors: {a.wte: [9, 4], b.wte: [9, 4]}\nrules: [{match: '*', init: normal}]\nnetwork: [{embedding: '*wte'}]"
      )
      .first == "3 ambiguousPrefix")
  }

  @Test func `network and allow change neither the manifest nor the id`() throws {
    let text = "tensors: {a: [4, 4]}\nrules: [{match: '*', init: normal}]\n"
    let more = "network: [{weight: a}]\nallow: [{finding: dead-units, reason: tested}]\n"
    let (plain, diagnosed) = (try plan(text), try plan(text + more))
    #expect(diagnosed.tensors.map(\.record.compact) == plain.tensors.map(\.record.compact))
    #expect(diagnosed.tensors.map(\.law) == plain.tensors.map(\.law))
    #expect(plain.network == nil && plain.allowed.isEmpty)
    #expect(diagnosed.network?.source == .spec && diagnosed.allowed.map(\.reason) == ["tested"])
  }
}
