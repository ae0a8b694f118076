// The parameters of a pass.

/// The parameters of a pass through real weights.
package struct PassOptions: Sendable, Hashable {
  /// What the gradient at the output belongs to.
  package enum Loss: Sendable, Hashable {
    /// The gradient at the output of the network is N(0, 1).
    case normalGradient
    /// The mean cross entropy of random labels, where the output before the last softmax has a logit for each class.
    case crossEntropy
  }

  /// A unit that is 0 for fewer samples is not known to be dead.
  package static let smallestBatch = 64

  /// The number of samples.
  package var batch: Int
  /// The seed of the input, of the labels and of the gradient at the output.
  package var seed: UInt64
  /// The loss; nil for cross entropy if the chain ends in a softmax, and for a normal gradient otherwise.
  package var loss: Loss?
  /// The maximum number of bytes that the pass may take.
  package var memoryLimit: Int

  package init(batch: Int = 256, seed: UInt64 = 0, loss: Loss? = nil, memoryLimit: Int = 2 << 30) {
    (self.batch, self.seed, self.loss, self.memoryLimit) = (batch, seed, loss, memoryLimit)
  }
}
