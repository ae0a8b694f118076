// A network as a spec writes it: names relative to prefixes, numbers as expressions, optional entries.

import WinitDiagnosis
import WinitInitializers

/// The value of `network:`.
struct NetworkText: Sendable {
  var entries: [Entry]
  /// Whether the list comes from a preset, and so sees names without the preset's prefix.
  var isPreset = false

  /// An entry of the list.
  struct Entry: Sendable {
    let line: Int
    let content: Content
    /// Whether the entry is left out if a tensor that it names does not exist.
    var isOptional = false
    /// The entry is left out if this is 0; nil for an entry without a condition.
    var condition: Expression?
    /// The entry is left out if its weight has another rank; nil for any rank.
    var rank: Int?
  }

  indirect enum Content: Sendable {
    case input(shape: [Int], std: Double)
    case embedding([String])
    case weight(Layer)
    case activation(ActivationFunction)
    case norm(Network.Norm.Kind, weight: String?, bias: Bias)
    case pool(Network.Pool.Kind, size: Expression?, stride: Expression?, padding: Expression?)
    case attention(Attention)
    case gate(Gate)
    case residual([Entry], shortcut: [Entry])
    /// Entries for each number of a prefix. With gaps the numbers need not follow each other.
    case `repeat`(String, NumberedPrefix, hasGaps: Bool, [Entry])
  }

  /// The value of `bias`.
  enum Bias: Sendable {
    /// The tensor that has the name of the weight with `bias` in place of `weight`, if it exists.
    case automatic
    case none
    case name(String)
  }

  struct Layer: Sendable {
    let weight: String
    let bias: Bias
    let activation: ActivationFunction
    let stride: Expression?
    let padding: Expression?
    let groups: Expression?
    let isTransposed: Bool
  }

  struct Attention: Sendable {
    let query: String
    let key: String
    let value: String
    let output: String
    let heads: Expression?
    let isCausal: Bool
    let valueBias: Bias
    let outputBias: Bias
  }

  struct Gate: Sendable {
    let gate: String
    let up: String
    let activation: ActivationFunction
    let gateBias: Bias
    let upBias: Bias
  }
}
