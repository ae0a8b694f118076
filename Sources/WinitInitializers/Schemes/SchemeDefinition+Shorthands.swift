// Schemes of well-known models, each an expression of an element's draw or coordinates.

import WinitCore
import WinitJSON

extension SchemeDefinition {
  static let shorthands: [SchemeDefinition] =
    [
      SchemeDefinition(
        "log_uniform", [.number("low"), .number("high")], formula: "exp(U(log low, log high)), cut to [low, high]",
        use: "time constants and scales over several orders of magnitude",
        source: "Bergstra and Bengio, JMLR 2012, for search"
      ) { arguments, tensor throws(SchemeError) in
        let (low, high) = (try arguments.required("low"), try arguments.required("high"))
        let draw = try logUniformDraw("low", low, high)
        return try element(.min(.max(.exp(.draw), .number(low)), .number(high)), draw, tensor)
      },
      SchemeDefinition(
        "dt_bias", [.number("dt_min", "0.001"), .number("dt_max", "0.1"), .number("floor", "0.0001")],
        formula: "the inverse softplus of dt = max(exp(U(log dt_min, log dt_max)), floor): dt + log(−expm1(−dt))",
        use: "the bias of the time step of Mamba, Mamba-2 and their relatives",
        source: "Gu and Dao, Mamba, 2023; mamba_ssm.modules.mamba_simple.Mamba, whose floor is dt_init_floor"
      ) { arguments, tensor throws(SchemeError) in
        let low = try arguments.positive("dt_min", default: 0.001)
        let high = try arguments.positive("dt_max", default: 0.1)
        let floor = try arguments.positive("floor", default: 1e-4)
        let dt = ExpressionTree.max(.exp(.draw), .number(floor))
        return try element(dt + .log(-.expm1(-dt)), try logUniformDraw("dt_min", low, high), tensor)
      },
      SchemeDefinition(
        "A_log", [.number("axis", "-1"), .number("low"), .number("high")],
        formula: "log(1 + index[axis]); with low and high, log(U(low, high))",
        use:
          "the state matrix of Mamba (log of 1, 2, 3, …), Mamba-2 (low 1, high 16) and gated DeltaNet (low 0, high 16)",
        source: "mamba_ssm.modules.mamba_simple.Mamba, mamba_ssm.modules.mamba2.Mamba2; transformers' Qwen3-Next"
      ) { arguments, tensor throws(SchemeError) in
        switch (try arguments.number("low"), try arguments.number("high")) {
        case (let low?, let high?):
          guard !arguments.has("axis") else {
            throw .conflictingParameters(["axis", "low"], "`A_log` takes low and high, or an axis; give one of them")
          }
          guard low >= 0 else {
            throw .outOfRange(parameter: "low", text: arguments.word("low") ?? "", needs: "0 or above")
          }
          return try element(.log(.draw), try uniform(low, high), tensor)
        case (nil, nil):
          return try element(.log(.number(1) + .index(try arguments.axis(default: -1, of: tensor))), nil, tensor)
        default:
          throw .conflictingParameters(["low", "high"], "`A_log` takes low and high together, or neither of them")
        }
      },
      SchemeDefinition(
        "chrono", [.number("t_max"), .word("gate", "forget")],
        formula: "log(U(1, t_max − 1)) for the forget gate, −log(U(1, t_max − 1)) for the input gate",
        use:
          "the gate biases of an LSTM; with one stream for both boxes, the input gate is the negative of the forget gate",
        source: "Tallec and Ollivier, ICLR 2018, equation 16"
      ) { arguments, tensor throws(SchemeError) in
        let draw = try uniform(1, try arguments.required("t_max") - 1)
        switch arguments.word("gate") ?? "forget" {
        case "forget": return try element(.log(.draw), draw, tensor)
        case "input": return try element(-.log(.draw), draw, tensor)
        case let word: throw .unknownWord(parameter: "gate", text: word, allowed: ["forget", "input"])
        }
      },
      SchemeDefinition(
        "arange", [.number("start", "0"), .number("step", "1"), .number("axis", "-1")],
        formula: "index[axis] × step + start", use: "positions and counters in floating point", source: "torch.arange"
      ) { arguments, tensor throws(SchemeError) in
        let (start, step) = (try arguments.number("start") ?? 0, try arguments.number("step") ?? 1)
        return try element(line(.index(try arguments.axis(default: -1, of: tensor)), start, step), nil, tensor)
      },
      SchemeDefinition(
        "linspace", [.number("start"), .number("stop"), .number("axis", "-1")],
        formula: "index[axis] × ((stop − start)/(n − 1)) + start, for n elements on the axis",
        use: "decays and frequencies at equal distances; the last element is stop", source: "numpy.linspace"
      ) { arguments, tensor throws(SchemeError) in
        let (start, stop) = (try arguments.required("start"), try arguments.required("stop"))
        let axis = try arguments.axis(default: -1, of: tensor)
        let steps = Double(tensor.box.dims[axis] - 1)
        return try element(line(.index(axis), start, steps > 0 ? (stop - start) / steps : 0), nil, tensor)
      },
    ] + positions

  /// Returns the law of a tree.
  static func element(_ tree: ExpressionTree, _ draw: Law?, _ tensor: TensorContext) throws(SchemeError) -> Law {
    try checked { () throws(LawError) in try .expression(tree, draw: draw, dtype: tensor.dtype) }
  }

  /// The draw whose exponential is between two numbers.
  private static func logUniformDraw(_ name: String, _ low: Double, _ high: Double) throws(SchemeError) -> Law {
    guard low > 0 else {
      throw .outOfRange(
        parameter: name, text: JSONNumber.text(low),
        needs:
          "above 0. For the logarithm of a uniform draw, write {scheme: expression, value: log(uniform(low, high))}")
    }
    guard low < high else { throw .law(.emptyRange(low: low, high: high)) }
    return try uniform(LawFunctions.log(low), LawFunctions.log(high))
  }

  /// index × step + start, without a step of 1 and a start of 0.
  private static func line(_ index: ExpressionTree, _ start: Double, _ step: Double) -> ExpressionTree {
    let scaled = step == 1 ? index : index * .number(step)
    return start == 0 ? scaled : scaled + .number(start)
  }
}
