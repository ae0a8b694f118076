// The constants that a spec gives to weights it names.

import WinitCore
import WinitDiagnosis
import WinitSpec

extension Plan {
  /// The weights of two axes or more with a constant law whose entry or rule names their module, so that the constant is
  /// meant. A run records them, because it does not record its spec.
  var meantConstants: [TensorName] {
    tensors.filter { tensor in
      guard tensor.shape.rank > 1, tensor.tiedTo == nil, case .constant = tensor.law else { return false }
      return isNamed(tensor.name) == true
    }.map(\.name)
  }

  /// Whether the spec names a tensor where it gives its init; nil if unknown.
  func isNamed(_ name: TensorName) -> Bool? {
    sources[name].map { InitPattern.namesTensor($0.pattern, isPreset: $0.isPreset) }
  }
}
