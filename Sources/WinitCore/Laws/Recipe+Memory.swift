// The memory that a law needs for a tensor that can only be computed whole.

extension Recipe {
  /// The peak of the memory, in bytes, that computing a whole region of this recipe takes; 0 if every element can be
  /// computed alone. A tensor whose norm is taken counts too.
  package var wholeMemory: Int { clamped(wholeBytes(Region(shape.dims), law)) }

  /// Checks that there is memory for every tensor of a list.
  ///
  /// - Throws: `InsufficientMemory` for the first tensor that needs more memory than there is.
  package static func checkMemory(_ tensors: some Sequence<(name: TensorName, recipe: Recipe)>)
    throws(InsufficientMemory)
  {
    var available: AvailableMemory?
    for tensor in tensors where tensor.recipe.law.needsWhole {
      let needed = tensor.recipe.wholeMemory
      guard needed >= MemoryGate.smallest else { continue }
      let memory = available ?? .now()
      available = memory
      if needed > memory.byteCount {
        throw InsufficientMemory(tensor.name, tensor.recipe, needed: needed, available: memory)
      }
    }
  }

  /// The memory of the computation of a whole region, in bytes, in binary64 so that nothing overflows.
  func wholeBytes(_ region: Region) -> Int { clamped(wholeBytes(region, law)) }

  private func wholeBytes(_ region: Region, _ law: Law) -> Double {
    let (dims, count) = (region.dims, Double(region.count))
    guard count > 0 else { return 0 }
    switch law {
    case .orthogonal where dims.count == 1: return 4 * count
    case .orthogonal(_, let rows): return OrthogonalMatrix.memory(rows: rows, columns: region.count / rows)
    case .deltaOrthogonal(_, let layout):
      let matrix = layout == .keras ? dims.suffix(2) : dims.prefix(2)
      let (rows, columns) = (matrix.first ?? 1, matrix.last ?? 1)
      // The matrix is kept until its elements are in their places.
      return max(
        OrthogonalMatrix.memory(rows: rows, columns: columns), 4 * Double(rows) * Double(columns) + 4 * count)
    case .sparse: return 4 * count
    case .batched(let law, let axes) where law.needsWhole:
      let member = region.selecting(axes.map { ($0, 0) })
      let one = wholeBytes(member, law)
      // A batch whose axes are not the first axes is kept whole.
      return axes == Array(axes.indices) ? one : one + 4 * count
    case .parts(let parts):
      return parts.filter { $0.law.needsWhole }.map { part in
        wholeBytes(Region(Box(leading: part.box, of: shape), hasOwnWords: part.stream != nil), part.law)
      }.max() ?? 0
    case .normOf(_, let axes):
      guard let source else { return 0 }
      let rank = source.shape.rank
      let isTrailing = axes == Array(rank - axes.count..<rank)
      let sums = isTrailing ? 0 : count * Double(MemoryLayout<NormSums>.stride + 4)
      return sums + source.wholeBytes(Region(source.shape.dims), source.law)
    default: return 0
    }
  }

  private func clamped(_ bytes: Double) -> Int { Int(exactly: bytes.rounded(.up)) ?? .max }
}

extension OrthogonalMatrix {
  /// The peak of the memory of a matrix, in bytes: its elements in binary64, beside them the reflections, and after the
  /// reflections the result in binary32.
  static func memory(rows: Int, columns: Int) -> Double {
    let (height, width) = (max(rows, columns), min(rows, columns))
    let matrix = 8 * Double(PanelMatrix.paddedPanels(width)) * Double(PanelMatrix.panelWidth) * Double(height)
    let block = ReflectionBlock.width
    let blocks = Double((width + block - 1) / block)
    // Block k has the rows from 64 k on, and 64 columns.
    let reflections = 8 * Double(block) * (blocks * Double(height) - Double(block) * blocks * (blocks - 1) / 2)
    return matrix + max(reflections, 4 * Double(rows) * Double(columns))
  }
}
