// The error of a tensor that needs more memory than there is.

/// A tensor that can only be computed whole needs more memory than this process can get.
package struct InsufficientMemory: Error, Sendable, CustomStringConvertible {
  /// The name of the tensor; nil where only its recipe is known.
  package let tensor: TensorName?
  /// The law, and the shape of the tensor; nil for an allocation that failed.
  package let recipe: Recipe?
  /// The number of bytes that are needed.
  package let needed: Int
  /// The memory that there is.
  package let available: AvailableMemory

  package init(_ tensor: TensorName? = nil, _ recipe: Recipe? = nil, needed: Int, available: AvailableMemory = .now()) {
    (self.tensor, self.recipe) = (tensor, recipe)
    (self.needed, self.available) = (needed, available)
  }

  /// What is missing, and what to do.
  package var description: String {
    var subject = tensor.map { "tensor `\($0)`" } ?? "a tensor"
    if let recipe { subject += " of shape \(recipe.shape)" }
    let law = recipe.map { "the law `\($0.law.name)`" } ?? "its law"
    // An allocation can fail although the limits would allow it, because the address space is in pieces.
    let amount =
      needed > available.byteCount
      ? "and \(available.byteCount) bytes are available (\(available.limit.rawValue))"
      : "and the system refused to allocate them"
    return
      "\(subject) does not fit in memory: \(law) needs the whole tensor at once, which takes \(needed) bytes, \(amount). Free memory, raise the limit, or use a machine with more memory"
  }
}
