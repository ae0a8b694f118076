// A pass in progress: a batch forward, which records how its gradient goes backward.

import Foundation
import WinitCore

final class PassRun {
  /// Replaces the gradient with respect to the output of a step by that with respect to its input.
  private typealias Backward = (Batch) throws -> Batch

  private let chain: DenseChain
  private let options: PassOptions
  private let threads: Int
  private let kernel: SIMDKernel
  private let elements: (String) throws -> [Float]
  private var layers: [DensePass.Layer] = []

  init(
    chain: DenseChain, options: PassOptions, threads: Int, kernel: SIMDKernel,
    elements: @escaping (String) throws -> [Float]
  ) {
    (self.chain, self.options, self.threads, self.kernel) = (chain, options, threads, kernel)
    self.elements = elements
  }

  func pass() throws -> DensePass {
    let draws = PassDraws(seed: options.seed)
    let input = try draws.normal(
      PassDraws.input, samples: options.batch, units: chain.inputSize, std: chain.inputStd)
    var pass = DensePass(chain, options: options, inputSignal: BatchMeasures(input).signal)
    var (output, tape) = try forward(chain.steps, input, isMain: true)
    var gradient: Batch
    (gradient, pass.loss) = try start(at: output, draws)
    while let backward = tape.popLast() { gradient = try backward(gradient) }
    pass.layers = layers
    return pass
  }

  /// Returns the gradient at the output, and the loss of a cross entropy. The output before a softmax is its logits.
  private func start(at output: Batch, _ draws: PassDraws) throws -> (gradient: Batch, loss: LossDiagnosis?) {
    let endsInSoftmax = chain.steps.last?.activation == .softmax
    guard options.loss.map({ $0 == .crossEntropy }) ?? endsInSoftmax else {
      let gradient = try draws.normal(PassDraws.gradient, samples: output.samples, units: output.units, std: 1)
      if endsInSoftmax { Softmax.multiplyByDerivative(gradient, at: try Softmax.values(of: output)) }
      return (gradient, nil)
    }
    let labels = draws.labels(samples: output.samples, classes: output.units)
    let (loss, gradient) = try Softmax.crossEntropy(of: output, labels: labels)
    return (gradient, LossDiagnosis(value: loss, classes: output.units, uniform: log(Double(output.units))))
  }

  /// Runs steps. The tape has the steps backward, the last one first to be called.
  private func forward(
    _ steps: [DenseChain.Step], _ input: Batch, isMain: Bool
  ) throws -> (output: Batch, tape: [Backward]) {
    var batch = input
    var tape: [Backward] = []
    for (index, step) in steps.enumerated() {
      let backward: Backward?
      switch step.operation {
      case .dense(let dense):
        // Nothing uses the gradient with respect to the input of the network.
        (batch, backward) = try run(dense, batch, isFirst: isMain && index == 0)
      case .norm(let norm): (batch, backward) = try run(norm, batch)
      case .residual(let branch, let shortcut): (batch, backward) = try run(branch, shortcut, batch)
      // The activation replaces elements, which a shortcut may use too.
      case .none: (batch, backward) = (try batch.copy(), nil)
      }
      if let backward { tape.append(backward) }
      tape.append(try activate(step, batch, isMain: isMain))
    }
    return (batch, tape)
  }

  /// Applies the activation behind a step, measures its output, and later the gradient before it.
  private func activate(_ step: DenseChain.Step, _ batch: Batch, isMain: Bool) throws -> Backward {
    // The output of a softmax is measured before it, as logits.
    let derivative = step.activation == .softmax ? nil : try batch.apply(step.activation, threads: threads)
    let place = layers.count
    if let kind = step.kind {
      layers.append(DensePass.Layer(step, kind: kind, isMainPath: isMain, outputs: batch))
    }
    return { [self] gradient in
      if let derivative { gradient.multiply(by: derivative) }
      if step.kind != nil { layers[place].measured.gradient = BatchMeasures(gradient).norm }
      return gradient
    }
  }

  private func run(_ dense: DenseChain.Dense, _ batch: Batch, isFirst: Bool) throws -> (Batch, Backward) {
    let output = try weight(dense).forward(batch, threads: threads)
    if let bias = dense.bias { output.add(units: try read(bias, count: dense.outputs)) }
    return (output, { [self] in isFirst ? $0 : try weight(dense).backward($0, threads: threads) })
  }

  private func run(_ norm: DenseChain.Norm, _ batch: Batch) throws -> (Batch, Backward) {
    let normalized = try NormalizedBatch(batch, norm.kind)
    let weight = try norm.weight.map { try read($0, count: norm.units) }
    let output = try normalized.values.copy()
    if let weight { output.multiply(units: weight) }
    if let bias = norm.bias { output.add(units: try read(bias, count: norm.units)) }
    return (
      output,
      { gradient in
        if let weight { gradient.multiply(units: weight) }
        normalized.propagate(gradient)
        return gradient
      }
    )
  }

  private func run(
    _ branch: [DenseChain.Step], _ shortcut: [DenseChain.Step], _ batch: Batch
  ) throws -> (Batch, Backward) {
    var first = try forward(branch, batch, isMain: false)
    var second = try forward(shortcut, batch, isMain: false)
    let output = try first.output.copy()
    output.add(second.output)
    return (
      output,
      { gradient in
        var parts = (try gradient.copy(), gradient)
        while let backward = first.tape.popLast() { parts.0 = try backward(parts.0) }
        while let backward = second.tape.popLast() { parts.1 = try backward(parts.1) }
        parts.0.add(parts.1)
        return parts.0
      }
    )
  }

  private func weight(_ dense: DenseChain.Dense) throws -> DenseWeight {
    let elements = try read(dense.weight, count: dense.inputs * dense.outputs)
    let strides = dense.isInputFirst ? (1, dense.outputs) : (dense.inputs, 1)
    return DenseWeight(
      elements: elements, outputs: dense.outputs, inputs: dense.inputs, outputStride: strides.0,
      inputStride: strides.1, kernel: kernel)
  }

  private func read(_ name: String, count: Int) throws -> [Float] {
    let elements = try elements(name)
    guard elements.count == count else {
      throw PassRefusal(
        "no pass: `\(TensorName(name))` has \(elements.count) elements, and its shape promises \(count)")
    }
    return elements
  }
}

extension DensePass.Layer {
  /// Measures the outputs of a step behind its activation.
  fileprivate init(_ step: DenseChain.Step, kind: String, isMainPath: Bool, outputs: Batch) {
    (name, activation, self.kind, self.isMainPath) = (step.name, step.activation, kind, isMainPath)
    let measures = BatchMeasures(outputs)
    measured = LayerDiagnosis.Measured(
      rms: measures.rms, signal: measures.signal, gradient: nil,
      dead: activation.isRectifier ? BatchMeasures.deadFraction(outputs) : nil,
      saturated: activation.saturation.map { BatchMeasures.fraction(outputs, where: $0) }, cosine: measures.cosine)
  }
}
