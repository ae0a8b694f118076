// The signal and the gradient of one layer.

/// A layer of a network: what theory says and what a pass measured. Forward values are those of the output behind the
/// activation; backward values are those of the gradient with respect to the output before the activation.
package struct LayerDiagnosis: Sendable, Equatable {
  /// The name of the weight, or of the residual block.
  package var name: String
  /// `embedding`, `linear`, `convolution`, `norm`, `attention`, `gate`, `residual` or the class of a module.
  package var kind: String
  /// The activation behind the layer; nil for none.
  package var activation: String?
  /// Whether the activation is an assumption, because no `network` says it.
  package var isAssumed = false
  /// Whether the layer is on the main path, and not inside a residual branch.
  package var isMainPath = true
  package var theory: Theory?
  package var measured: Measured?

  /// The values that the theory of wide networks gives.
  package struct Theory: Sendable, Equatable {
    /// The second moment of the output.
    package var q: Double
    /// The part of the output that depends on the input: √(q − c), where c is the second moment across inputs. The
    /// input of the network has the signal of its std.
    package var signal: Double
    /// The norm of the gradient per sample, relative to that of the last layer.
    package var gradient: Double

    package init(q: Double, signal: Double, gradient: Double) {
      (self.q, self.signal, self.gradient) = (q, signal, gradient)
    }
  }

  /// The values that a pass of a batch measured.
  package struct Measured: Sendable, Equatable {
    /// The root of the mean square of the output.
    package var rms: Double
    /// The standard deviation over the batch, as root mean square over the units.
    package var signal: Double
    /// The norm of the gradient per sample, root mean square over the batch; nil if none was measured.
    package var gradient: Double?
    /// The fraction of units that are 0 for every sample; nil without a rectifier.
    package var dead: Double?
    /// The fraction of saturated outputs of a tanh (|y| > 0.99) or a sigmoid (y < 0.01 or y > 0.99); nil for others.
    package var saturated: Double?
    /// The mean cosine between the outputs of two samples.
    package var cosine: Double?

    package init(
      rms: Double, signal: Double, gradient: Double?, dead: Double?, saturated: Double?, cosine: Double?
    ) {
      (self.rms, self.signal, self.gradient) = (rms, signal, gradient)
      (self.dead, self.saturated, self.cosine) = (dead, saturated, cosine)
    }
  }

  package init(name: String, kind: String, activation: String?) {
    (self.name, self.kind, self.activation) = (name, kind, activation)
  }
}

extension [LayerDiagnosis] {
  /// The measured norm of the gradient at the last layer of the main path that has one above 0; nil without one. Tables
  /// and pictures show gradients relative to it, as theory gives them.
  package var measuredGradientUnit: Double? {
    lazy.filter(\.isMainPath).compactMap { $0.measured?.gradient }.last { $0 > 0 }
  }
}
