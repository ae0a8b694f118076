// The theory of a network: the signal and the gradient of each layer, from one moment of each tensor.

import Foundation
package import WinitCore
package import WinitInitializers
import WinitJSON

/// What the theory of wide networks says about a network. It carries the second moments of the values forward and those
/// of the gradient backward, layer by layer, each activation at the moment that it gets (Poole et al. 2016; Schoenholz
/// et al. 2017, "Deep Information Propagation", equations 4 and 11). Constants per activation must not be multiplied
/// down a chain: only linear, ReLU and leaky ReLU have them.
///
/// Assumptions: weights are independent with mean 0; layers are wide; attention is nearly uniform; samples and tokens
/// are independent; batch norm works as in training; norms add 1e-5 to the variance, and RMS norms 1e-6.
package struct NetworkTheory: Sendable {
  /// The layers in forward order, each with its theory; empty if it was refused.
  package var layers: [LayerDiagnosis] = []
  /// The kind of network, and how far theory and real passes differed for this kind.
  package var summary: NetworkSummary
  /// Why there are no layers, and what to do; nil if there are.
  package var refusal: String?

  /// Computes the theory of a network whose repeats are expanded. `facts` returns what is known about a tensor, and nil
  /// for a name that no tensor has.
  package init(_ network: Network, source: NetworkSummary.Source, facts: @escaping (String) -> WeightFacts?) {
    summary = NetworkSummary(source: source, kind: network.kind.rawValue, accuracy: network.kind.accuracy)
    do throws(TheoryProblem) {
      let builder = try Self.built(network, facts)
      layers = builder.layers
      if network.kind == .chain, builder.rectifierSpread > 0 {
        summary.accuracy += " " + Self.spreadText(builder.rectifierSpread)
      }
      if layers.contains(where: { $0.theory?.isLimited == true }) { summary.accuracy += " " + Self.limitText }
    } catch {
      refusal = error.message
    }
  }

  /// Returns how the shapes of the tensors contradict a network: an entry does not take what the one before gives, or
  /// nothing is left behind it. Nil if they do not. Theory would refuse such a network.
  ///
  /// - Parameter tensor: returns the shape and the fans of a tensor; nil for a name that no tensor has.
  package static func contradiction(
    in network: Network, _ tensor: @escaping (String) -> (shape: Shape, fanSource: FanSource)?
  ) -> TheoryProblem? {
    // With a second moment of 0, no activation takes an integral.
    var builder = TheoryBuilder(
      facts: { name in
        tensor(name).map { WeightFacts(shape: $0.shape, fanSource: $0.fanSource, meanSquare: 0) }
      }, hasAttention: network.contains { $0.isAttention })
    do throws(TheoryProblem) {
      let first = try builder.start(network)
      var state = first.state
      state.moments = SignalMoments(q: 0, sample: 0, position: 0, both: 0)
      _ = try builder.run(first.rest, &state, isMain: true)
      return nil
    } catch { return error.isContradiction ? error : nil }
  }

  /// Where the numbers of theory end: `SignalMoments.limited` and the norms of gradients.
  private static let limitText =
    "Numbers beyond 1e150 are shown as about 1e150, and numbers below about 1e-160 as 0."

  private static func built(
    _ network: Network, _ facts: @escaping (String) -> WeightFacts?
  ) throws(TheoryProblem) -> TheoryBuilder {
    if network.hasInnerSoftmax {
      throw TheoryProblem(
        "softmax before the end of the network is no function of one unit. Run the real model with winit.torch.diagnose"
      )
    }
    var builder = TheoryBuilder(facts: facts, hasAttention: network.contains { $0.isAttention })
    let first = try builder.start(network)
    var state = first.state
    let steps = try builder.run(first.rest, &state, isMain: true)
    let deviation = 0.5 * builder.spread.squareRoot()
    if deviation > 1 {
      throw TheoryProblem(
        "this deep and narrow chain is not predictable: by the draw of the weights alone, ln RMS deviates by "
          + "\(deviation.rounded(toPlaces: 1)), and activations such as GELU and SiLU then stay near 0 or far from it. "
          + "Run the real model with winit.torch.diagnose")
    }
    let positions = Double(state.extent.positions ?? 1)
    let isShared = positions > 1 && !state.extent.isSequence
    var norms: [Int: Double] = [:]
    _ = BackwardStep.run(steps, GradientMoments(norm: 1, cross: isShared ? 1 : 0)) { norms[$0] = $1 }
    let last = builder.layers.lastIndex(where: \.isMainPath).flatMap { norms[$0] } ?? 1
    for (index, norm) in norms where last > 0 {
      builder.layers[index].theory?.gradient = (norm / last).squareRoot()
    }
    return builder
  }

  /// The interval of 95% of the draws, by `lnRMSSpread`.
  private static func spreadText(_ variance: Double) -> String {
    let (mean, std) = lnRMSSpread(variance: variance)
    let (low, high) = (exp(mean - 1.96 * std), exp(mean + 1.96 * std))
    return "By the draw of the weights alone, the last layer of this ReLU chain has \(low.rounded(toPlaces: 2)) to "
      + "\(high.rounded(toPlaces: 2)) times the RMS of the theory (95% of the draws)."
  }

  /// The mean and the standard deviation, over draws of the weights, of ln RMS of the last layer of a chain of linear
  /// layers with ReLU and without biases, relative to the theory of wide layers: each layer multiplies the mean square
  /// by a factor whose logarithm has the variance 5/width (Hanin and Rolnick 2018, "How to Start Training").
  package static func lnRMSSpread(depth: Int, width: Int) -> (mean: Double, std: Double) {
    lnRMSSpread(variance: 5 * Double(depth) / Double(max(1, width)))
  }

  private static func lnRMSSpread(variance: Double) -> (mean: Double, std: Double) {
    (-0.25 * variance, 0.5 * variance.squareRoot())
  }
}

extension Network {
  /// Whether a softmax is anywhere but behind the last layer.
  fileprivate var hasInnerSoftmax: Bool {
    func occurs(_ entries: some Sequence<Entry>) -> Bool {
      entries.contains { entry in
        switch entry {
        case .weight(let weight): weight.activation == .softmax
        case .activation(let activation): activation == .softmax
        case .gate(let gate): gate.activation == .softmax
        case .residual(let branch, let shortcut): occurs(branch) || occurs(shortcut)
        case .input, .embedding, .norm, .pool, .attention: false
        }
      }
    }
    guard let last = entries.last else { return false }
    let isEnd =
      switch last {
      case .weight, .activation: true
      default: false
      }
    return occurs(entries.dropLast()) || (!isEnd && occurs([last]))
  }

  /// Whether an entry with a property occurs, also in a residual branch.
  func contains(_ property: (Entry) -> Bool) -> Bool { Network.contains(entries, property) }

  private static func contains(_ entries: [Entry], _ property: (Entry) -> Bool) -> Bool {
    entries.contains { entry in
      if property(entry) { return true }
      switch entry {
      case .residual(let branch, let shortcut): return contains(branch, property) || contains(shortcut, property)
      default: return false
      }
    }
  }

  /// What the names of the weights of a residual branch begin with: `h.0.attn`.
  static func commonPrefix(of branch: [Entry]) -> String? {
    var common: [Substring]?
    for entry in branch {
      let names: [String] =
        switch entry {
        case .weight(let weight): [weight.weight]
        case .attention(let attention): [attention.query, attention.key, attention.value, attention.output]
        case .gate(let gate): [gate.gate, gate.up]
        default: []
        }
      for name in names {
        let parts = name.split(separator: ".").dropLast()
        common = common.map { zip($0, parts).prefix { $0 == $1 }.map(\.0) } ?? Array(parts)
      }
    }
    return common.flatMap { $0.isEmpty ? nil : $0.joined(separator: ".") }
  }
}

extension LayerDiagnosis.Theory {
  /// Whether a number is near the end of those whose squares binary64 holds. A 0 is usually that of a zero weight.
  fileprivate var isLimited: Bool { [signal, gradient].contains { $0 > 1e149 || ($0 > 0 && $0 < 1e-149) } }
}

extension Network.Entry {
  var isAttention: Bool { if case .attention = self { true } else { false } }
}

extension Double {
  /// The number with this number of digits after the point, for a text.
  fileprivate func rounded(toPlaces places: Int) -> Double {
    let scale = (0..<places).reduce(1.0) { product, _ in product * 10 }
    return (self * scale).rounded() / scale
  }
}
