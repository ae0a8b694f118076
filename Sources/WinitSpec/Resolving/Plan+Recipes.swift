// The recipes of a plan.

package import WinitCore

extension Plan {
  /// Returns the recipes of the tensors, in their order.
  ///
  /// - Parameter seed: the seed of the tensors that have no seed of their own.
  /// - Throws: `TensorFailure` if a law does not fit its tensor, or if a norm is of a tensor that is not in the plan or
  ///   depends on itself.
  package func recipes(seed: UInt64) throws(TensorFailure) -> [Recipe] {
    var recipes = PlannedRecipes(tensors, seed)
    var all: [Recipe] = []
    for index in tensors.indices { all.append(try recipes.recipe(index)) }
    return all
  }
}

/// The recipes of a plan, each made once. The recipe of a norm holds that of the tensor whose norm it is.
private struct PlannedRecipes {
  private let tensors: [PlannedTensor]
  private let seed: UInt64
  private let indices: [TensorName: Int]
  private var recipes: [Recipe?]

  init(_ tensors: [PlannedTensor], _ seed: UInt64) {
    (self.tensors, self.seed) = (tensors, seed)
    indices = tensors.contains { $0.law.isNorm } ? tensors.firstIndexByName : [:]
    recipes = Array(repeating: nil, count: tensors.count)
  }

  mutating func recipe(_ index: Int, depth: Int = 0) throws(TensorFailure) -> Recipe {
    if let recipe = recipes[index] { return recipe }
    let tensor = tensors[index]
    var source: Recipe?
    if case .normOf(let name, _) = tensor.law {
      guard let other = indices[name], depth < Self.depthLimit else {
        throw TensorFailure(
          tensor.name,
          .wrongNormSource(
            depth < Self.depthLimit
              ? "the norm is of `\(name)`, which is not a tensor of this model"
              : "the norm is of `\(name)`, which depends on the norm itself, or on a long chain of norms"))
      }
      source = try recipe(other, depth: depth + 1)
    }
    do throws(LawError) {
      let recipe = try Recipe(
        seed: tensor.seed ?? seed, stream: tensor.streamName.stream, dtype: tensor.dtype, shape: tensor.shape,
        law: tensor.law, source: source)
      recipes[index] = recipe
      return recipe
    } catch { throw TensorFailure(tensor.name, error) }
  }

  /// The maximum number of norms each of which is of the next.
  private static let depthLimit = 16
}

extension Law {
  fileprivate var isNorm: Bool { if case .normOf = self { true } else { false } }
}

extension [PlannedTensor] {
  fileprivate var firstIndexByName: [TensorName: Int] {
    Dictionary(enumerated().map { ($1.name, $0) }) { first, _ in first }
  }
}
