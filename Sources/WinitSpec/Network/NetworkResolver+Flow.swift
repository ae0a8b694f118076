// Follows the number of values through a network, so that an entry in the wrong place is found.

import WinitCore
import WinitDiagnosis
import WinitJSON

extension NetworkResolver {
  /// Notes an entry. A softmax before it is not the end.
  mutating func pass(_ text: NetworkText.Entry) {
    flow.hasStarted = true
    guard let line = flow.softmaxLine else { return }
    flow.softmaxLine = nil
    report(
      line, .invalidNetwork,
      "a softmax is not an elementwise activation, so it can only be the end of a network. Remove it, or the entries after it; attention has its own softmax"
    )
  }

  /// Passes the input or an embedding, which begin a network.
  mutating func start(_ what: String, width: Int?, axes: Int?, _ text: NetworkText.Entry) {
    if flow.hasStarted {
      report(text.line, .invalidNetwork, "\(what) is not the first entry. Move it to the beginning of the network")
    }
    pass(text)
    (flow.width, flow.hasMap, flow.axes) = (width, axes != 0, axes)
  }

  /// Passes an activation.
  mutating func pass(_ function: ActivationFunction, _ text: NetworkText.Entry) {
    pass(text)
    if function == .softmax { flow.softmaxLine = text.line }
  }

  /// Passes a weight of a layer, and reports inputs that the entry before does not give.
  mutating func pass(_ weight: Tensor, _ ends: LayerEnds?, _ text: NetworkText.Entry) {
    if (weight.shape?.rank ?? 0) > 2, !flow.hasMap {
      report(
        text.line, .invalidNetwork,
        "a convolution needs the size of its input. Begin the network with the shape of one sample, such as {input: [3, 224, 224]}",
        tensor: weight.name)
      flow.hasMap = true
    }
    pass(text)
    if let rank = weight.shape?.rank {
      if rank > 2, let axes = flow.axes, axes > 0, axes != rank - 2 {
        report(
          text.line, .invalidNetwork,
          "it is a convolution over \(rank - 2) axes, and the map has \(axes). Correct the shape of the input",
          tensor: weight.name)
      }
      flow.axes = rank > 2 ? rank - 2 : nil
    }
    if let ends { checkInputs(of: weight, ends, isExact: ends.isConvolution, text) }
    flow.width = ends?.output
  }

  /// Passes a norm, whose scale has one element for each feature.
  mutating func pass(norm scale: Tensor?, _ text: NetworkText.Entry) {
    pass(text)
    guard let scale, let shape = scale.shape, shape.rank == 1, let width = flow.width, width != shape.elementCount
    else { return }
    report(
      text.line, .invalidNetwork,
      "the norm has \(shape.elementCount) elements, and the entry before it gives \(width) values. \(remedy)",
      tensor: scale.name)
    forget()
  }

  /// Passes attention: the weights of queries, keys and values, and that of the output.
  mutating func pass(attention weights: [Tensor], _ output: Tensor, _ text: NetworkText.Entry) {
    pass(text)
    for (index, weight) in weights.enumerated() where !weights[..<index].contains(where: { $0.name == weight.name }) {
      if let ends = weight.ends { checkInputs(of: weight, ends, isExact: true, text) }
    }
    // Several heads of queries may share the values of one, and one tensor may hold queries, keys and values.
    if let values = weights[2].ends?.output, let inputs = output.ends?.input, values > 0,
      weights[2].name == weights[0].name ? values < inputs : inputs % values != 0
    {
      report(
        text.line, .invalidNetwork,
        "the output takes \(inputs) values, and \(quoted: weights[2].name) gives \(values). \(remedy)",
        tensor: output.name)
    }
    flow.width = output.ends?.output
  }

  /// Passes a gate.
  mutating func pass(gate: Tensor, up: Tensor, _ text: NetworkText.Entry) {
    pass(text)
    guard let first = gate.ends, let second = up.ends else { return forget() }
    checkInputs(of: gate, first, isExact: true, text)
    if gate.name == up.name {
      flow.width = first.output / 2
      return
    }
    checkInputs(of: up, second, isExact: true, text)
    if first.output != second.output {
      report(
        text.line, .invalidNetwork,
        "\(quoted: gate.name) gives \(first.output) values, and \(quoted: up.name) gives \(second.output). A gate multiplies them, so both must agree",
        tensor: up.name)
    }
    flow.width = second.output
  }

  /// Reports what only the whole network shows: a layer behind tokens or behind a flattened map that takes another
  /// number of values, or a map that nothing is left of.
  mutating func checkShapes(_ network: Network, _ first: NetworkText.Entry) {
    var known: [String: Tensor] = [:]
    for tensor in tensors.values { known[tensor.name.string] = tensor }
    guard
      let problem = NetworkTheory.contradiction(
        in: network, { name in known[name].flatMap { tensor in tensor.shape.map { ($0, tensor.fans) } } })
    else { return }
    let tensor = problem.tensor.map { TensorName($0) }
    report(
      tensor.flatMap { lines[$0] } ?? first.line, .invalidNetwork, "\(problem.message). \(remedy)", tensor: tensor)
  }

  /// Reports a residual branch that gives another number of values than its shortcut.
  mutating func checkSum(_ branch: NetworkFlow, _ shortcut: NetworkFlow, _ text: NetworkText.Entry) {
    guard let sum = branch.width, let added = shortcut.width, sum != added else { return }
    report(
      text.line, .invalidNetwork,
      "the residual branch gives \(sum) values, and \(added) values are added to them. Both must agree; a layer on the other path is a `shortcut`: {residual: [entries], shortcut: [entries]}"
    )
  }

  /// Forgets the number of values, so that what follows from a problem is not reported too.
  mutating func forget() { flow.width = nil }

  /// Reports a weight that does not take what the entry before gives: as many values, or a multiple after flattening.
  private mutating func checkInputs(of weight: Tensor, _ ends: LayerEnds, isExact: Bool, _ text: NetworkText.Entry) {
    guard let width = flow.width, width > 0, isExact ? ends.input != width : ends.input % width != 0 else { return }
    var hint = ""
    if !ends.isConvolution, ends.output == width {
      hint = " Its layout may be the other one: `layout: keras` for [in, out], `layout: torch` for [out, in]."
    }
    report(
      text.line, .invalidNetwork,
      "the shape is \(weight.shape.map { "\($0)" } ?? ""), so it takes \(ends.input) values, and the entry before it gives \(width).\(hint) \(remedy)",
      tensor: weight.name)
  }

  private var remedy: String {
    "Correct the order of the entries; leave out `network` if the model does what a list cannot say"
  }
}
