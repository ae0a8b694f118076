// The order of the axes of a weight.

/// The order of a weight's axes: which are its inputs and which its outputs.
package enum Layout: String, Sendable, Hashable, CaseIterable {
  /// [out, in, …spatial]: PyTorch's Linear and Conv weights.
  case torch
  /// […spatial, in, out]: Keras's and flax's kernels, and the [in, out] weights of GPT-2's Conv1D.
  case keras
}
