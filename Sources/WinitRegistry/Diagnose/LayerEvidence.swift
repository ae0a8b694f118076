// The layers of a model: theory by its network, or by the order of its weights, and a pass through a dense chain.

import Foundation
import WinitCore
import WinitDiagnosis
import WinitInitializers
import WinitJSON

/// The layers, with what is known about them.
struct LayerEvidence {
  var layers: [LayerDiagnosis] = []
  var summary: NetworkSummary?
  var loss: LossDiagnosis?
  /// The path; nil if nothing says it.
  var network: Network?
  /// Whether the path is the order of the weights.
  var isAssumed = false
  /// The number of samples of the pass; nil without one.
  var batch: Int?
  var notes: [String] = []

  private let model: DiagnosedModel
  private let index: [TensorName: Int]
  private let statistics: [TensorStatistics]

  init(_ model: DiagnosedModel, _ statistics: [TensorStatistics], _ options: DiagnosisOptions) throws {
    (self.model, self.statistics) = (model, statistics)
    index = Dictionary(model.tensors.enumerated().map { ($1.name, $0) }) { first, _ in first }
    if let planned = model.network {
      network = planned.network
      addMissingWeights(planned.network)
      addTheory(planned.network, planned.source)
      try addPass(planned.network, options)
    } else {
      addChain(model.chain)
    }
  }

  private func tensor(_ name: String) -> (DiagnosedTensor, TensorStatistics)? {
    index[TensorName(name)].map { (model.tensors[$0], statistics[$0]) }
  }

  private func facts(_ name: String) -> WeightFacts? {
    tensor(name).map { tensor, statistics in
      var facts = WeightFacts(
        shape: tensor.shape, fanSource: tensor.fanSource, meanSquare: statistics.meanSquare, mean: statistics.mean ?? 0)
      facts.hasElementsOtherThanZero = (statistics.minimum ?? 0, statistics.maximum ?? 0) != (0, 0)
      return facts
    }
  }

  /// Notes the weights that the network leaves out, about which the curves say nothing.
  private mutating func addMissingWeights(_ network: Network) {
    let named = network.names
    let missing = model.tensors.filter { tensor in
      tensor.dtype.isFloatingPoint && tensor.tiedTo == nil && tensor.shape.dims.count { $0 != 1 } >= 2
        && !named.contains(tensor.name.string)
    }
    guard let first = missing.first else { return }
    let others = missing.count == 1 ? "" : " and \(missing.count - 1) more"
    notes.append(
      "the network does not have \(quoted: first.name)\(others), so the curves say nothing about \(missing.count == 1 ? "this weight" : "these weights")"
    )
  }

  private mutating func addTheory(_ network: Network, _ source: NetworkSummary.Source) {
    let theory = NetworkTheory(network, source: source, facts: facts)
    (layers, summary) = (theory.layers, theory.summary)
    if let refusal = theory.refusal { notes.append("no theory: \(refusal)") }
  }

  /// Adds what a pass measures to the layers that theory has, or makes the layers.
  private mutating func addPass(_ network: Network, _ options: DiagnosisOptions) throws {
    let pass: DensePass
    do {
      let chain = try DenseChain(network) { name in tensor(name).map { ($0.0.shape, $0.0.fanSource) } }
      pass = try chain.pass(
        PassOptions(batch: options.batch), threads: options.threads ?? ProcessInfo.processInfo.activeProcessorCount
      ) { [model, self] name in
        guard fitsBinary32(name) else {
          throw PassRefusal(
            "no pass: `\(TensorName(name))` has elements that binary32, in which the pass computes, does not hold")
        }
        guard let elements = try model.elements(of: TensorName(name), threads: options.threads) else {
          throw PassRefusal("no pass: `\(TensorName(name))` has no floating-point elements of a standard dtype")
        }
        return elements
      }
    } catch let refusal as PassRefusal {
      notes.append(refusal.reason)
      return
    }
    pass.measure(&layers)
    (batch, loss) = (options.batch, pass.loss)
    notes.append(pass.summary)
  }

  /// Whether the largest element of a tensor is one that binary32 holds with all digits.
  private func fitsBinary32(_ name: String) -> Bool {
    guard let (_, statistics) = tensor(name) else { return true }
    let largest = max(abs(statistics.minimum ?? 0), abs(statistics.maximum ?? 0))
    return largest == 0
      || (Double(Float.leastNormalMagnitude)...Double(Float.greatestFiniteMagnitude)).contains(largest)
  }

  /// Without a network, the order of the weights is the path only if each weight takes what the one before gives.
  private mutating func addChain(_ chain: Chain?) {
    guard let chain else {
      notes.append(
        "no curve: the layers and their order are unknown. Give the spec a `network:` list, or run the model with `winit.torch.diagnose`"
      )
      return
    }
    isAssumed = true
    network = chain.network(activation: .relu)
    let theory = NetworkTheory(assuming: chain, facts: facts)
    (layers, summary) = (theory.layers, theory.summary)
    if let refusal = theory.refusal { notes.append("no theory: \(refusal)") }
    notes.append(
      "the order of the weights is taken as the path, because each takes what the one before gives; the activations are unknown, so that each curve is shown with ReLU and with none"
    )
  }
}
