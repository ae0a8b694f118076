// Schemes of positions: sinusoids, rotary frequencies and the slopes of ALiBi.

import WinitCore

extension SchemeDefinition {
  static let positions: [SchemeDefinition] = [
    SchemeDefinition(
      "sinusoidal",
      [.number("theta", "10000"), .word("order", "interleaved"), .word("endpoint", "false")],
      formula:
        "sin and cos of p/theta^(i/(d/2)), for position p on the last axis but one and pair i of the d channels on the last; with endpoint true, of p/theta^(i/(d/2 − 1))",
      use:
        "position embeddings: interleaved [sin, cos, sin, cos, …] is the paper's and DistilBERT's; order halves [sin …, cos …] is Marian's and Pegasus's, and with endpoint true Whisper's and fairseq's",
      source:
        "Vaswani et al., NIPS 2017, section 3.5; whisper.model.sinusoids; transformers' MarianSinusoidalPositionalEmbedding"
    ) { arguments, tensor throws(SchemeError) in try sinusoidal(arguments, tensor) },
    SchemeDefinition(
      "inv_freq", [.number("theta", "10000"), .number("dim", "2·n"), .number("axis", "-1")],
      formula: "1/theta^(2·index[axis]/dim), for n elements on the axis",
      use: "the frequencies of rotary position embeddings", source: "Su et al., RoFormer, 2021; transformers' Llama"
    ) { arguments, tensor throws(SchemeError) in
      let theta = try arguments.positive("theta", default: 10000)
      let axis = try arguments.axis(default: -1, of: tensor)
      let dim = try arguments.positive("dim", default: Double(2 * tensor.box.dims[axis]))
      return try element(.number(1) / .pow(.number(theta), .index(axis) * .number(2) / .number(dim)), nil, tensor)
    },
    SchemeDefinition(
      "alibi", [.number("axis", "0")],
      formula:
        "2^(−8·(i + 1)/c) for head i < c, and 2^(−4·(2·(i − c) + 1)/c) for the others, where c is the largest power of 2 up to the number of heads",
      use: "the slopes of attention with linear biases",
      source: "Press, Smith and Lewis, ICLR 2022, and get_slopes of its code"
    ) { arguments, tensor throws(SchemeError) in
      let axis = try arguments.axis(default: 0, of: tensor)
      let heads = tensor.box.dims[axis]
      guard heads > 0 else { throw .law(.wrongShape("alibi", tensor.box, needs: "at least one head")) }
      let closest = Double(1 << (Int.bitWidth - 1 - heads.leadingZeroBitCount))
      let head = (ExpressionTree.index(axis) + .number(1)) * .number(8)
      // For the heads from c on, 8·(i + 1) − (8·c + 4) is 4·(2·(i − c) + 1).
      let isFurther = ExpressionTree.floor(.index(axis) / .number(closest))
      let exponent = Double(heads) == closest ? head : head - isFurther * .number(8 * closest + 4)
      return try element(.pow(.number(2), -exponent / .number(closest)), nil, tensor)
    },
  ]

  /// The law of sinusoidal position embeddings. One number, 0 or 1, selects the sine or the cosine of a channel, and
  /// both products are exact.
  private static func sinusoidal(_ arguments: ArgumentReader, _ tensor: TensorContext) throws(SchemeError) -> Law {
    let rank = tensor.tensor.rank
    guard rank >= 2 else { throw .law(.wrongShape("sinusoidal", tensor.tensor, needs: "rank 2 or more")) }
    let theta = try arguments.positive("theta", default: 10000)
    let endpoint = try arguments.flag("endpoint", default: false)
    let channels = tensor.box.dims[rank - 1]
    guard channels.isMultiple(of: 2), channels >= (endpoint ? 4 : 2) else {
      throw .law(
        .wrongShape("sinusoidal", tensor.box, needs: "an even number of channels, and with endpoint at least 4"))
    }
    let half = Double(channels / 2)
    let channel = ExpressionTree.index(rank - 1)
    let pair: ExpressionTree
    let isCosine: ExpressionTree
    switch arguments.word("order") ?? "interleaved" {
    case "interleaved":
      pair = .floor(channel / .number(2))
      isCosine = channel - pair * .number(2)
    case "halves":
      isCosine = .floor(channel / .number(half))
      pair = channel - isCosine * .number(half)
    case let word: throw .unknownWord(parameter: "order", text: word, allowed: ["interleaved", "halves"])
    }
    let angle = ExpressionTree.index(rank - 2) / .pow(.number(theta), pair / .number(endpoint ? half - 1 : half))
    return try element(.sin(angle) * (.number(1) - isCosine) + .cos(angle) * isCosine, nil, tensor)
  }
}
