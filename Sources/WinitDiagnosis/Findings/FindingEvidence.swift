// What the rules of findings read.

/// What is known of a model: the facts of its tensors, the layers with their signal and gradient, and the path.
package struct FindingEvidence: Sendable {
  /// The tensors in the order of the spec or the file.
  package var tensors: [ObservedTensor]
  /// The layers in forward order, with theory, measurements or both.
  package var layers: [LayerDiagnosis] = []
  /// The path without repeats and with whole names; nil if nothing says it.
  package var network: Network?
  /// Whether the path is the order of the weights, so that its activations are unknown.
  package var isNetworkAssumed = false
  /// The number of samples of the measured batch; nil without one.
  package var batch: Int?

  package init(tensors: [ObservedTensor]) { self.tensors = tensors }

  /// The standard deviation of the inputs; nil if no network says it.
  var inputStd: Double? {
    guard let network else { return nil }
    if case .input(_, let std)? = network.entries.first { return std }
    return 1
  }
}
