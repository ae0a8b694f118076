// The path from the input to the output of a model, as `network:` of a spec gives it.

/// The path from the input to the output of a model, in forward order. Names are those of tensors.
package struct Network: Sendable, Hashable {
  package var entries: [Entry]

  package init(_ entries: [Entry]) { self.entries = entries }

  /// A step of the path. The repeats of a spec are expanded: every entry stands for itself.
  package indirect enum Entry: Sendable, Hashable {
    /// The input: samples of N(0, std²), of this shape without the batch. Without this entry the input is a vector of
    /// N(0, 1) of the size that the first weight takes.
    case input(shape: [Int], std: Double)
    case embedding(Embedding)
    case weight(Weight)
    case activation(ActivationFunction)
    case norm(Norm)
    case pool(Pool)
    case attention(Attention)
    case gate(Gate)
    /// The sum of a branch and of its input, or of a branch and of a shortcut.
    case residual([Entry], shortcut: [Entry])
  }

  /// The sum of the rows of one table or of several: tokens, positions.
  package struct Embedding: Sendable, Hashable {
    package var tables: [String]

    package init(tables: [String]) { self.tables = tables }
  }

  /// A linear layer or a convolution, by the rank of its weight.
  package struct Weight: Sendable, Hashable {
    package var weight: String
    package var bias: String?
    /// The activation behind the layer.
    package var activation: ActivationFunction
    package var stride: Int
    package var padding: Int
    package var groups: Int
    package var isTransposed: Bool

    package init(
      _ weight: String, bias: String? = nil, activation: ActivationFunction = .linear, stride: Int = 1,
      padding: Int = 0, groups: Int = 1, isTransposed: Bool = false
    ) {
      (self.weight, self.bias, self.activation) = (weight, bias, activation)
      (self.stride, self.padding, self.groups, self.isTransposed) = (stride, padding, groups, isTransposed)
    }
  }

  package struct Norm: Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable { case layer, batch, rms, group }

    package var kind: Kind
    /// The scale; nil for 1.
    package var weight: String?
    package var bias: String?

    package init(_ kind: Kind, weight: String?, bias: String? = nil) {
      (self.kind, self.weight, self.bias) = (kind, weight, bias)
    }
  }

  package struct Pool: Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable { case max, mean, global }

    package var kind: Kind
    /// The side of the window; 0 for `global`.
    package var size: Int
    package var stride: Int
    package var padding: Int

    package init(_ kind: Kind, size: Int, stride: Int, padding: Int = 0) {
      (self.kind, self.size, self.stride, self.padding) = (kind, size, stride, padding)
    }
  }

  /// Attention: a mean of values over the tokens seen so far.
  package struct Attention: Sendable, Hashable {
    /// The weights of queries, keys and values; one name three times where one tensor holds all.
    package var query: String
    package var key: String
    package var value: String
    package var output: String
    /// The number of heads; nil if the list does not say it.
    package var heads: Int?
    package var isCausal: Bool
    /// The biases of the values and of the output; nil for none. Those of queries and keys do not change the mean.
    package var valueBias: String?
    package var outputBias: String?

    package init(
      query: String, key: String, value: String, output: String, heads: Int?, isCausal: Bool, valueBias: String? = nil,
      outputBias: String? = nil
    ) {
      (self.query, self.key, self.value, self.output) = (query, key, value, output)
      (self.heads, self.isCausal) = (heads, isCausal)
      (self.valueBias, self.outputBias) = (valueBias, outputBias)
    }
  }

  /// A gated layer: activation(gate · x) ⊙ (up · x). One name twice where one tensor holds both.
  package struct Gate: Sendable, Hashable {
    package var gate: String
    package var up: String
    package var activation: ActivationFunction
    package var gateBias: String?
    package var upBias: String?

    package init(
      gate: String, up: String, activation: ActivationFunction, gateBias: String? = nil, upBias: String? = nil
    ) {
      (self.gate, self.up, self.activation) = (gate, up, activation)
      (self.gateBias, self.upBias) = (gateBias, upBias)
    }
  }
}
