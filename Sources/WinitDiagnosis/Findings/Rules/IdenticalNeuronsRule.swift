// identical-neurons: outputs of a weight that are equal, element by element.

import WinitCore

/// Finds outputs with equal weights and equal biases.
enum IdenticalNeuronsRule {
  static func drafts(_ context: FindingContext, _ judged: JudgedTensors) -> [Draft] {
    context.tensors.enumerated().compactMap { order, tensor in
      guard !judged.declarations.contains(tensor), let equal = EqualUnits(tensor, context) else { return nil }
      let remedy = Advice.rule(for: tensor, context)
      func draft(_ severity: Finding.Severity, _ variant: String, fix: Bool = true, _ message: String) -> Draft {
        Draft(
          .identicalNeurons, context.severity(severity, for: tensor), tensor, at: order, variant: variant,
          remedy: fix ? remedy : nil
        ) { _ in message }
      }
      let (count, all) = (NumberText.count(equal.count), NumberText.count(equal.outputs))
      let pair = "\(equal.pair.0) and \(equal.pair.1)"
      if context.isEmbedding(tensor) {
        return draft(
          .warning, "rows",
          "\(count) of \(all) rows equal another one (the first: \(pair)). Their tokens start with the same embedding.")
      }
      if let period = equal.period, tensor.shape.rank > 2 {
        return draft(
          .information, "periodic", fix: false,
          "each output occurs \(period) times in sequence, as ICNR initializes a convolution before a pixel shuffle.")
      }
      if equal.count == equal.outputs {
        return draft(
          .error, "all",
          equal.classes == 1
            ? "all \(all) outputs have the same weights. They compute the same, so the layer begins as narrow as one unit."
            : "each of the \(all) outputs equals another one, in \(NumberText.count(equal.classes)) groups. The outputs of a group compute the same."
        )
      }
      if equal.haveEqualConsumers {
        return draft(
          .error, "symmetric",
          "\(count) of \(all) outputs equal another one (the first: \(pair)), and so do the weights that take them. Equal units get equal gradients, so they never become different."
        )
      }
      return draft(
        .warning, "copied",
        "\(count) of \(all) outputs equal another one (the first: \(pair)). They compute the same until the gradients of the next layer tell them apart."
      )
    }
  }
}

/// The outputs of a weight that equal another output.
private struct EqualUnits {
  /// The number of outputs.
  let outputs: Int
  /// The number of outputs that equal another one.
  let count: Int
  /// The number of groups of equal outputs.
  let classes: Int
  /// The first output that occurs again, and its first copy.
  let pair: (Int, Int)
  /// The number of times that each output occurs in sequence, a square; nil if the outputs are not so.
  let period: Int?
  /// Whether the weights that take the outputs are equal too, for the outputs of a group.
  let haveEqualConsumers: Bool

  private struct Unit: Hashable {
    let weights: UInt64
    let bias: UInt64
    let group: Int
  }

  init?(_ tensor: ObservedTensor, _ context: FindingContext) {
    guard tensor.isWeight, tensor.tiedTo == nil, !tensor.isDepthwise, !tensor.statistics.isConstant,
      tensor.statistics.nan + tensor.statistics.infinite == 0, let units = tensor.statistics.units,
      units.outputs.count > 1, tensor.isNeverEqualByChance(elements: units.outputSize)
    else { return nil }
    let biases = context.bias(of: tensor)?.statistics.units?.outputs
    let bias = biases?.count == units.outputs.count ? biases : nil
    let groups = max(1, context.step(tensor)?.groups ?? 1)
    let groupSize = max(1, units.outputs.count / groups)
    var places: [Unit: [Int]] = [:]
    for (i, hash) in units.outputs.enumerated() where hash != 0 {
      places[Unit(weights: hash, bias: bias?[i] ?? 0, group: i / groupSize), default: []].append(i)
    }
    let declared = DeclaredUnits(tensor)
    let equal = places.values.filter { group in
      group.count > 1 && group.contains { !declared.contains($0, .output) }
    }
    guard let first = equal.min(by: { $0[0] < $1[0] }) else { return nil }
    outputs = units.outputs.count
    count = equal.reduce(0) { $0 + $1.count }
    classes = equal.count
    pair = (first[0], first[1])
    period = EqualUnits.period(equal, outputs: units.outputs.count)
    haveEqualConsumers = EqualUnits.haveEqualConsumers(equal, tensor, context)
  }

  private static func period(_ classes: [[Int]], outputs: Int) -> Int? {
    guard classes.count > 1, let size = classes.first?.count, [4, 9, 16, 25, 36, 64].contains(size),
      classes.count * size == outputs
    else { return nil }
    return classes.allSatisfy { $0.count == size && $0[size - 1] - $0[0] == size - 1 } ? size : nil
  }

  private static func haveEqualConsumers(
    _ classes: [[Int]], _ tensor: ObservedTensor, _ context: FindingContext
  ) -> Bool {
    guard let followers = context.step(tensor)?.followers, !followers.isEmpty,
      let outputs = tensor.statistics.units?.outputs.count
    else { return false }
    return followers.allSatisfy { name in
      guard let inputs = context.tensor(name)?.statistics.units?.inputs, inputs.count.isMultiple(of: outputs),
        inputs.count >= outputs
      else { return false }
      // A flattened map gives each channel several inputs in sequence.
      let width = inputs.count / outputs
      func columns(_ unit: Int) -> ArraySlice<UInt64> { inputs[(unit * width)..<((unit + 1) * width)] }
      return classes.contains { members in
        Set(members.map { Array(columns($0)) }).count < members.count
      }
    }
  }
}
