// The given bytes of a plan.

package import WinitCore

extension Plan {
  /// Returns the places of the bytes that no recipe regenerates: literals, and the norms of literals, which are
  /// computed here. Nil for any other tensor.
  ///
  /// - Parameter recipes: the recipes of the tensors.
  package func literals(_ recipes: [Recipe]) throws -> [LiteralBytes?] {
    var literals = zip(tensors, recipes).map { tensor, recipe in
      if case .parts(let parts, nil) = tensor.literal { LiteralBytes.parts(parts, recipe) } else { tensor.literal }
    }
    let missing = tensors.indices.filter { literals[$0] == nil && !recipes[$0].isRegenerable }
    guard !missing.isEmpty else { return literals }
    let indices = Dictionary(tensors.enumerated().map { ($1.name, $0) }) { first, _ in first }
    func literal(_ index: Int) throws -> LiteralBytes? {
      if let known = literals[index] { return known }
      // The norm is of a literal, directly or through other norms. Recipes exist, so no norm depends on itself.
      guard case .normOf(let name, let axes) = tensors[index].law, let other = indices[name],
        let bytes = try literal(other)
      else { return nil }
      let (source, recipe) = (tensors[other], recipes[index])
      let size = source.dtype.byteCount
      let norms = try Recipe.norms(
        over: axes, source.shape.dims, elements: 0..<source.shape.elementCount, count: recipe.shape.elementCount
      ) { elements in
        try withUnsafeTemporaryAllocation(byteCount: elements.count * size, alignment: 8) { buffer in
          try bytes.read(at: elements.lowerBound * size, into: buffer)
          return source.dtype.values(UnsafeRawBufferPointer(buffer))
        }
      }
      let given = LiteralBytes.given(recipe.bytes(of: norms))
      literals[index] = given
      return given
    }
    for index in missing { literals[index] = try literal(index) }
    return literals
  }
}
