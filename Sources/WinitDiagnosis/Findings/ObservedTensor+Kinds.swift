// What a tensor is, by its dtype, shape and name.

import WinitCore
import WinitInitializers

extension ObservedTensor {
  /// Whether the elements are floating-point numbers, fp8 to fp4 included.
  var isFloating: Bool {
    switch dtype {
    case .float64, .float32, .float16, .bfloat16, .float8_e4m3fn, .float8_e5m2, .float8_e8m0fnu, .float8_e4m3fnuz,
      .float8_e5m2fnuz, .float6_e2m3fn, .float6_e3m2fn, .float4_e2m1fn:
      true
    case .int64, .int32, .int16, .int8, .uint64, .uint32, .uint16, .uint8, .bool, .complex64: false
    }
  }

  /// Whether the tensor is a weight: floating-point, with at least two dimensions other than 1. A class token or a
  /// LayerScale [C, 1, 1] is a vector.
  var isWeight: Bool { isFloating && shape.elementCount > 0 && shape.dims.count { $0 != 1 } >= 2 }

  /// The parts of the name between the dots and slashes, in lower case.
  var nameParts: [String] {
    name.string.utf8.split { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "/") }.map { Substring($0).lowercased() }
  }

  /// The last names of the weights that layers multiply by. A weight with another name (a table of relative positions,
  /// Mamba's `A_log`) is often deterministic or zero by design.
  private static let kernelNames: Set<String> = [
    "weight", "kernel", "recurrent_kernel", "depthwise_kernel", "pointwise_kernel", "embedding", "embeddings",
    "in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight", "gate_up_proj", "down_proj", "weight_v",
    "original1", "w1", "w2", "w3",
  ]

  /// Whether the tensor is a weight that a layer multiplies by, for which a finding has its full severity.
  var isKernel: Bool {
    guard isWeight, !isNormScale, let last = nameParts.last else { return false }
    return ObservedTensor.kernelNames.contains(last) || last.hasPrefix("weight_ih") || last.hasPrefix("weight_hh")
  }

  /// Whether the name is that of a bias, or of a normalization, whose scale may have the shape of its input.
  private var isNormScale: Bool {
    guard statistics.isConstant, let last = nameParts.last else { return false }
    if last.contains("bias") || last == "gamma" || last == "beta" { return true }
    guard let module = nameParts.dropLast().last else { return false }
    return module.contains("norm") || module.hasPrefix("ln") || module.hasPrefix("bn") || module.hasSuffix("_ln")
  }

  /// Whether the tensor is a table of embeddings by the name of its module. Its rows are tokens or positions, and no
  /// neurons. The convolution of a `patch_embed` is none.
  var isEmbedding: Bool {
    guard shape.rank == 2, let last = nameParts.last else { return false }
    if last.hasPrefix("embedding") || last.contains("embed") { return true }
    guard let module = nameParts.dropLast().last else { return false }
    return module.contains("embed") || module.contains("position") || module.contains("_emb")
      || module.hasPrefix("pos_") || ["wte", "wpe", "emb", "shared", "codebook", "lookup"].contains(module)
  }

  /// Whether the tensor is a table of positions by its name, and of sines and cosines by its elements. Their mean square
  /// is half of the square of the largest; a table that is drawn has at most a third, that of a uniform law.
  var isSinusoidTable: Bool {
    guard isEmbedding, nameParts.suffix(2).contains(where: { $0.contains("pos") || $0 == "wpe" }),
      let low = statistics.minimum, let high = statistics.maximum, low < 0
    else { return false }
    return statistics.meanSquare > 0.4 * max(low * low, high * high)
  }

  /// The names of modules that are the last layer of a model.
  private static let headNames: Set<String> = [
    "head", "heads", "lm_head", "classifier", "score", "fc", "output", "out", "output_layer", "final", "final_layer",
    "predictor", "predictions", "logits", "proj_out", "fc_out", "last_layer", "qa_outputs",
  ]

  /// Whether the name is that of the last layer of a model: one module that is not in a list of blocks. The order of a
  /// file is often that of the names.
  var isHeadByName: Bool {
    let modules = nameParts.dropLast()
    return modules.contains { ObservedTensor.headNames.contains($0) } && !modules.contains { Int($0) != nil }
  }

  /// Whether the name is that of the second factor of a low-rank adapter, which starts at zero.
  var isAdapterOutput: Bool {
    nameParts.contains { ["lora_b", "lora_up", "lora_embedding_b", "hada_w2_a", "lokr_w2_b"].contains($0) }
  }

  /// Whether each output has one input channel of its own, as in a depthwise convolution.
  var isDepthwise: Bool {
    guard case .layout(.torch) = fanSource else { return false }
    return shape.rank > 2 && shape.dims[1] == 1
  }

  /// The bits of a number of the dtype that tell random elements apart: those of the significand.
  var significandBits: Int {
    switch dtype {
    case .float64: 53
    case .float32: 24
    case .float16: 11
    case .bfloat16: 8
    case .float8_e4m3fn, .float8_e4m3fnuz, .float6_e2m3fn: 4
    case .float8_e5m2, .float8_e5m2fnuz, .float6_e3m2fn: 3
    case .float4_e2m1fn: 2
    default: 1
    }
  }

  /// Whether random units of this size are never equal by chance: they have at least 64 random bits. Zeros have
  /// none.
  func isNeverEqualByChance(elements: Int) -> Bool {
    let nonzero = 1 - Double(statistics.zeros) / Double(max(1, statistics.count))
    let largest = max(abs(statistics.minimum ?? 0), abs(statistics.maximum ?? 0))
    // Binary and ternary weights have one magnitude, so that an element has the bit of its sign alone.
    let hasOneMagnitude = statistics.meanSquare > 0.999 * nonzero * largest * largest
    return Double(elements) * nonzero * Double(hasOneMagnitude ? 1 : significandBits) >= 64
  }

  /// The fans by the layout or by `fans` of the spec; nil below rank 2.
  var fans: Fans? { fanSource.effectiveFans(of: shape) }

  /// The name that the bias of this weight has in the usual libraries.
  var biasNames: [TensorName] {
    let text = name.string
    func replacing(_ suffix: String, by other: String) -> TensorName? {
      text.hasSuffix(suffix) ? TensorName(text.dropLast(suffix.count) + other) : nil
    }
    let names = [
      replacing("weight", by: "bias"), replacing("kernel", by: "bias"), replacing("embedding", by: "bias"),
    ]
    // Recurrent layers number their weights: weight_ih_l0, bias_ih_l0.
    let last = text.split(separator: ".").last ?? ""
    let numbered = last.hasPrefix("weight_") ? replacing(String(last), by: "bias_" + last.dropFirst(7)) : nil
    return (names + [numbered]).compactMap(\.self)
  }
}
