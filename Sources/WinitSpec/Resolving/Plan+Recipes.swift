// The recipes of a plan.

package import WinitCore

extension Plan {
  /// Returns the recipes of the tensors, in their order.
  ///
  /// - Parameter seed: the seed of the tensors that have no seed of their own.
  /// - Throws: `TensorFailure` if a law does not fit its tensor, or if a norm is of a tensor that is not in the plan or
  ///   depends on itself.
  package func recipes(seed: UInt64) throws(TensorFailure) -> [Recipe] {
    var graph = RecipeGraph(
      tensors.map {
        RecipeGraph.Node(
          name: $0.name, seed: $0.seed ?? seed, stream: $0.streamName.stream, dtype: $0.dtype, shape: $0.shape,
          law: $0.law)
      })
    return try graph.all()
  }
}
