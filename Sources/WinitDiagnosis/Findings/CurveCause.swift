// The weights that make a signal or a gradient vanish or explode.

import Foundation
import WinitCore
import WinitInitializers
import WinitJSON

/// The weights whose scale changes a curve, and the rule that gives them the scale which keeps it.
///
/// A weight with r times the scale that keeps the signal multiplies the signal of each layer behind it, and the gradient
/// of each layer before it, by about r. So the weights are compared by |log r|, and a family of them by the sum.
struct CurveCause {
  /// What is carried through the layers.
  enum Pass { case forward, backward }

  /// A weight that changes the curve in its direction.
  private struct Weight {
    let name: TensorName
    /// The scale over the one that keeps the signal.
    let ratio: Double
    /// |log ratio|, at most that of 1e-30 or 1e30.
    let size: Double
    /// The init that keeps the signal.
    let initializer: String
    let activation: ActivationFunction?
  }

  private struct Family: Hashable {
    let pattern: TensorName
    let initializer: String
  }

  /// A scale within this range of the wanted one changes no curve: the scatter of small tensors, and unequal fans.
  private static let healthy = 0.8...1.25

  /// In the order of the path.
  private let weights: [Weight]
  /// The weights of the family with the largest product of ratios, the largest first.
  private let family: [Weight]
  /// The weight of the path that the curve does not show: the last one of a signal, the first one of a gradient.
  private let unseen: TensorName?
  private let context: FindingContext

  /// Finds the cause of a curve. Returns nil if no scale of a weight explains it: a sigmoid shrinks gradients with every
  /// scale.
  ///
  /// - Parameters:
  ///   - ratio: what the curve is multiplied with from its start to its end: below 1 for a vanishing one.
  init?(of ratio: Double, _ pass: Pass, _ context: FindingContext) {
    let unseen = CurveCause.unseen(pass, context)
    guard let all = CurveCause.weights(of: ratio, without: unseen, context) else { return nil }
    let groups = Dictionary(grouping: all) {
      Family(pattern: FindingContext.pattern($0.name), initializer: $0.initializer)
    }
    let order = Dictionary(uniqueKeysWithValues: all.enumerated().map { ($1.name, $0) })
    func isLess(_ left: [Weight], _ right: [Weight]) -> Bool {
      let (first, second) = (left.reduce(0) { $0 + $1.size }, right.reduce(0) { $0 + $1.size })
      // Of equal families, the first of the path.
      return first != second ? first < second : (order[left[0].name] ?? 0) > (order[right[0].name] ?? 0)
    }
    guard let family = groups.values.max(by: isLess), let largest = family.map(\.size).max() else { return nil }
    // Draws of one law differ by some percent; the order of the path is then easier to read.
    let first = family.firstIndex { $0.size > 0.95 * largest } ?? 0
    self.family = [family[first]] + family[..<first] + family[(first + 1)...]
    (weights, self.unseen, self.context) = (all, unseen, context)
  }

  /// The weights of the main path.
  private static func mainWeights(_ path: NetworkPath) -> [TensorName] {
    path.order.filter { path.steps[$0]?.isMain == true && path.steps[$0]?.isEmbedding == false }
  }

  /// The signal ends at the last hidden layer, and a gradient is that of the output of a layer.
  private static func unseen(_ pass: Pass, _ context: FindingContext) -> TensorName? {
    guard let path = context.path else { return nil }
    switch pass {
    case .forward: return path.order.last { path.steps[$0]?.isLast == true }
    case .backward: return mainWeights(path).first
    }
  }

  /// The weights that change a curve: those of the main path or, if these explain little of it, those of branches. Nil
  /// if neither do. A small branch leaves the main path as it is, and a large one does not.
  private static func weights(
    of ratio: Double, without unseen: TensorName?, _ context: FindingContext
  ) -> [Weight]? {
    guard let path = context.path else { return nil }
    let isShrinking = ratio < 1
    let branches = isShrinking ? [] : path.order.filter { path.steps[$0]?.isMain == false }
    return [mainWeights(path).filter { $0 != unseen }, branches].lazy
      .map { $0.compactMap { weight($0, isShrinking, context) } }
      .first { explain($0, ratio) }
  }

  /// Whether weights explain at least a fifth of a curve.
  private static func explain(_ weights: [Weight], _ ratio: Double) -> Bool {
    let (total, whole) = (weights.reduce(0) { $0 + $1.size }, abs(log(ratio)))
    return total > 0 && (!whole.isFinite || total > 0.2 * whole)
  }

  private static func weight(_ name: TensorName, _ isShrinking: Bool, _ context: FindingContext) -> Weight? {
    guard let step = context.path?.steps[name], !step.isNormalized, !step.isTransposed,
      let tensor = context.tensor(name),
      let fans = tensor.fans, tensor.isWeight
    else { return nil }
    let activation = context.knownPath == nil ? nil : step.activation
    let ratio = (tensor.statistics.meanSquare / Advice.variance(behind: activation, fans)).squareRoot()
    guard ratio.isFinite, !healthy.contains(ratio), (ratio < 1) == isShrinking else { return nil }
    return Weight(
      name: name, ratio: ratio, size: abs(log(max(1e-30, min(1e30, ratio)))),
      initializer: Advice.initializer(behind: activation), activation: activation)
  }

  /// The rule for the family with the largest product, and a comment with the other weights that need its init.
  var remedy: Remedy? {
    let (names, initializer) = (family.map(\.name), family[0].initializer)
    let members = Set(names)
    // In octaves of the factor: in the order of the path where draws differ by some percent.
    let rest = weights.filter { $0.initializer == initializer && !members.contains($0.name) }
    let others = rest.enumerated().map { (place: $0, octaves: ($1.size / log(2)).rounded(), name: $1.name) }
      .sorted { ($1.octaves, $0.place) < ($0.octaves, $1.place) }.map(\.name)
    if names.count > 1, let line = FindingFold.rule(for: names + wholeFamily, initializer, context) {
      return .line(line + FindingFold.likewise(others))
    }
    let alike = Array(names.dropFirst()) + others
    guard !alike.isEmpty, let line = Remedy.rule(names[0], initializer: initializer).line else {
      return .rule(names[0], initializer: initializer)
    }
    return .line(line + FindingFold.likewise(alike))
  }

  /// The weight that the curve does not show, if it belongs to the family and needs the same init.
  private var wholeFamily: [TensorName] {
    guard let unseen, FindingContext.pattern(unseen) == FindingContext.pattern(family[0].name) else { return [] }
    let activation = context.knownPath?.steps[unseen]?.activation
    return Advice.initializer(behind: activation) == family[0].initializer ? [unseen] : []
  }

  /// What the weights are, for a message: one weight that makes more than half of the change, or the law that gives more
  /// than half of it; nil if there is neither.
  var text: String? {
    let half = weights.reduce(0) { $0 + $1.size } / 2
    let worst = family[0]
    if weights.count > 1, worst.size > half {
      let scale = CurveCause.scheme(behind: worst.activation)
      return "most of it by \(quoted: worst.name), with \(NumberText.of(worst.ratio)) times the scale of \(scale)"
    }
    var laws: [String: Double] = [:]
    for weight in weights {
      guard let law = context.tensor(weight.name).flatMap({ RecognizedLaw($0)?.name }) else { continue }
      laws[law, default: 0] += weight.size
    }
    return laws.max { ($0.value, $1.key) < ($1.value, $0.key) }
      .flatMap { $0.value > half ? "the weights have the scale of \($0.key)" : nil }
  }

  private static func scheme(behind activation: ActivationFunction?) -> String {
    switch activation {
    case .tanh, .sigmoid, .softmax: "Xavier's scheme"
    case .selu, .linear: "LeCun's scheme"
    default: "He's scheme"
    }
  }
}
