// The theory of transformers, against real passes.

import Testing
import WinitCore
import WinitDiagnosis

@Suite struct TheoryTransformerTests {
  /// GPT-2 as transformers 5 initializes it: std 0.02, and 0.02/√24 for the projections into the residual stream. Its
  /// Conv1D weights are [in, out].
  private func gpt2() -> NetworkTheory {
    var tensors = TheoryTensors()
    tensors.add("wte.weight", [2000, 768], std: 0.02)
    tensors.add("wpe.weight", [1024, 768], std: 0.02)
    var entries: [Network.Entry] = [.embedding(.init(tables: ["wte.weight", "wpe.weight"]))]
    tensors.add("ones", [768], std: 1)
    for block in 0..<12 {
      let prefix = "h.\(block)"
      tensors.add("\(prefix).attn.c_attn.weight", [768, 2304], std: 0.02)
      tensors.add("\(prefix).attn.c_proj.weight", [768, 768], std: 0.02 / 24.0.squareRoot())
      tensors.add("\(prefix).mlp.c_fc.weight", [768, 3072], std: 0.02)
      tensors.add("\(prefix).mlp.c_proj.weight", [3072, 768], std: 0.02 / 24.0.squareRoot())
      let fused = "\(prefix).attn.c_attn.weight"
      let attention = Network.Attention(
        query: fused, key: fused, value: fused, output: "\(prefix).attn.c_proj.weight", heads: 12, isCausal: true)
      entries += [
        .residual([.norm(.init(.layer, weight: "ones")), .attention(attention)], shortcut: []),
        .residual(
          [
            .norm(.init(.layer, weight: "ones")),
            .weight(.init("\(prefix).mlp.c_fc.weight", activation: .geluTanh)),
            .weight(.init("\(prefix).mlp.c_proj.weight")),
          ], shortcut: []),
      ]
    }
    entries.append(.norm(.init(.layer, weight: "ones")))
    return tensors.theory(entries)
  }

  /// Measured with PyTorch 2.13 (2 samples of 64 random tokens): the residual stream's RMS is 0.0283 at the start and
  /// 0.299 behind the last block; the embedding's gradient is 10.7 times that of the last block's output.
  @Test func `GPT-2's residual stream has the measured RMS and gradient`() throws {
    let theory = gpt2()
    #expect(theory.refusal == nil)
    let main = theory.layers.filter(\.isMainPath)
    #expect(main.count == 26)
    let stream = main.filter { $0.kind == "residual" }
    #expect(abs(ratio(main[0].theory?.q.squareRoot(), 0.0283) - 1) < 0.01)
    #expect(
      abs(ratio(stream.last?.theory?.q.squareRoot(), 0.299) - 1) < 0.15, "\(stream.last?.theory?.q.squareRoot() ?? 0)")
    let gradient = ratio(main[0].theory?.gradient, stream.last?.theory?.gradient)
    #expect(abs(gradient / 10.7 - 1) < 0.15, "\(gradient)")
    #expect(stream.map(\.name).prefix(3) == ["h.0.attn", "h.0.mlp", "h.1.attn"])
  }

  /// Llama as transformers 5 initializes it, 8 layers of 256: the measured RMS of the residual stream between blocks.
  @Test func `Llama's residual stream has the measured RMS`() throws {
    var tensors = TheoryTensors()
    tensors.add("embed_tokens.weight", [2000, 256], std: 0.02)
    tensors.add("ones", [256], std: 1)
    var entries: [Network.Entry] = [.embedding(.init(tables: ["embed_tokens.weight"]))]
    for block in 0..<8 {
      let prefix = "layers.\(block)"
      for name in ["q_proj", "k_proj", "v_proj", "o_proj"] {
        tensors.add("\(prefix).self_attn.\(name).weight", [256, 256], std: 0.02)
      }
      tensors.add("\(prefix).mlp.gate_proj.weight", [688, 256], std: 0.02)
      tensors.add("\(prefix).mlp.up_proj.weight", [688, 256], std: 0.02)
      tensors.add("\(prefix).mlp.down_proj.weight", [256, 688], std: 0.02)
      let attention = Network.Attention(
        query: "\(prefix).self_attn.q_proj.weight", key: "\(prefix).self_attn.k_proj.weight",
        value: "\(prefix).self_attn.v_proj.weight", output: "\(prefix).self_attn.o_proj.weight", heads: 8,
        isCausal: true)
      entries += [
        .residual([.norm(.init(.rms, weight: "ones")), .attention(attention)], shortcut: []),
        .residual(
          [
            .norm(.init(.rms, weight: "ones")),
            .gate(
              .init(
                gate: "\(prefix).mlp.gate_proj.weight", up: "\(prefix).mlp.up_proj.weight", activation: .silu)),
            .weight(.init("\(prefix).mlp.down_proj.weight")),
          ], shortcut: []),
      ]
    }
    let theory = tensors.theory(entries)
    #expect(theory.refusal == nil)
    let stream = theory.layers.filter { $0.kind == "embedding" || $0.name.hasSuffix("mlp") }
    let measured = [0.020, 0.044, 0.080, 0.116, 0.145, 0.168, 0.190, 0.218, 0.240]
    #expect(stream.count == 9)
    for (layer, rms) in zip(stream, measured) {
      #expect(
        abs(ratio(layer.theory?.q.squareRoot(), rms) - 1) < 0.1, "\(layer.name) \(layer.theory?.q.squareRoot() ?? 0)")
    }
  }
}
