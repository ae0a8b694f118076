// The recipes of the tensors of a model, some of which depend on others.

import WinitJSON

/// The tensors of a model, from which each recipe is made once: a tied tensor has the law of its target, and the recipe
/// of a norm holds that of the tensor whose norm it is.
package struct RecipeGraph {
  /// A tensor.
  package struct Node {
    package let name: TensorName
    package let seed: UInt64
    package let stream: UInt64
    package let dtype: DType
    package let shape: Shape
    /// The law; nil if the tensor has that of its target.
    package let law: Law?
    /// The target of a tied tensor.
    package let target: TensorName?

    package init(
      name: TensorName, seed: UInt64, stream: UInt64, dtype: DType, shape: Shape, law: Law?, target: TensorName? = nil
    ) {
      (self.name, self.seed, self.stream) = (name, seed, stream)
      (self.dtype, self.shape, self.law, self.target) = (dtype, shape, law, target)
    }
  }

  private let nodes: [Node]
  private let indices: [TensorName: Int]
  private var recipes: [Recipe?]

  /// The maximum number of norms in a chain, each the norm of the next. It bounds the recursion of every function of a
  /// recipe.
  package static let normLimit = 16
  /// The maximum number of steps from a tensor to one that depends on no other: between two norms there may be a tie.
  private static let stepLimit = 2 * normLimit + 1

  package init(_ nodes: [Node]) {
    self.nodes = nodes
    recipes = Array(repeating: nil, count: nodes.count)
    indices =
      nodes.contains { $0.dependsOnOther }
      ? Dictionary(nodes.enumerated().map { ($1.name, $0) }) { first, _ in first } : [:]
  }

  /// Returns the recipes of all tensors, in their order.
  ///
  /// - Throws: `TensorFailure` for a law that does not fit its tensor, a target that is not a tensor of the model or is
  ///   another tensor than the tied one, and a norm that depends on itself.
  package mutating func all() throws(TensorFailure) -> [Recipe] {
    var all: [Recipe] = []
    all.reserveCapacity(nodes.count)
    for index in nodes.indices { all.append(try recipe(index)) }
    return all
  }

  private mutating func recipe(_ index: Int, depth: Int = 0) throws(TensorFailure) -> Recipe {
    if let recipe = recipes[index] { return recipe }
    let node = nodes[index]
    func failure(_ problem: String) -> TensorFailure { TensorFailure(node.name, .wrongReference(problem)) }
    func chain(_ name: TensorName, _ relation: String) -> TensorFailure {
      failure(
        "\(relation) \(quoted: name), which depends on this tensor again, or ends a chain of more than \(Self.normLimit) norms"
      )
    }
    func other(_ name: TensorName, _ relation: String) throws(TensorFailure) -> Int {
      guard let other = indices[name] else {
        throw failure("\(relation) \(quoted: name), which is not a tensor of this model")
      }
      guard depth < Self.stepLimit else { throw chain(name, relation) }
      return other
    }
    var (law, source) = (node.law, Recipe?.none)
    if law == nil, let target = node.target {
      let index = try other(target, "it is tied to")
      let other = nodes[index]
      guard other.law != nil else { throw failure("it is tied to \(quoted: target), which is itself tied") }
      guard other.shape == node.shape, other.dtype == node.dtype, other.seed == node.seed, other.stream == node.stream
      else { throw failure("it is tied to \(quoted: target), and differs from it in shape, dtype, seed or stream") }
      let recipe = try recipe(index, depth: depth + 1)
      (law, source) = (recipe.law, recipe.source)
    }
    if case .normOf(let name, _) = law, source == nil {
      let recipe = try recipe(other(name, "it is the norm of"), depth: depth + 1)
      guard recipe.normCount < Self.normLimit else { throw chain(name, "it is the norm of") }
      source = recipe
    }
    guard let law else { throw failure("it has no law") }
    do throws(LawError) {
      let recipe = try Recipe(
        seed: node.seed, stream: node.stream, dtype: node.dtype, shape: node.shape, law: law, source: source)
      recipes[index] = recipe
      return recipe
    } catch { throw TensorFailure(node.name, error) }
  }
}

extension Recipe {
  /// The number of norms in the chain that begins with this recipe.
  fileprivate var normCount: Int {
    if case .normOf = law { return 1 + (source?.normCount ?? 0) }
    return 0
  }
}

extension RecipeGraph.Node {
  fileprivate var dependsOnOther: Bool {
    if case .normOf = law { return true }
    return law == nil
  }
}
