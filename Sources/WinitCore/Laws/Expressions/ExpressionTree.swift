// The expression of an element: a tree of numbers, the element's draw, its coordinates, and operations.

/// The function that the law `expression` applies to an element's draw and to its coordinates, in binary64.
package indirect enum ExpressionTree: Sendable, Hashable {
  /// A finite number.
  case number(Double)
  /// The draw of the element, widened to binary64. It is one value, wherever it occurs in the tree.
  case draw
  /// The coordinate of the element on an axis.
  case index(Int)
  case unary(UnaryOperation, ExpressionTree)
  case binary(BinaryOperation, ExpressionTree, ExpressionTree)

  /// The maximum number of nodes of a tree.
  package static let nodeLimit = 1000
  /// The maximum depth of a tree, which bounds the recursion. A tree nests as deep in JSON, within up to seven other
  /// values, and one deeper for the axis of an index. The JSON of a manifest may nest 64 deep.
  package static let depthLimit = 50

  /// Whether the draw occurs in the tree.
  package var hasDraw: Bool {
    switch self {
    case .number, .index: false
    case .draw: true
    case .unary(_, let operand): operand.hasDraw
    case .binary(_, let left, let right): left.hasDraw || right.hasDraw
    }
  }

  /// The largest axis whose coordinate occurs in the tree; nil if none does.
  package var largestAxis: Int? {
    switch self {
    case .number, .draw: nil
    case .index(let axis): axis
    case .unary(_, let operand): operand.largestAxis
    case .binary(_, let left, let right): [left.largestAxis, right.largestAxis].compactMap(\.self).max()
    }
  }

  /// The number of nodes.
  package var nodeCount: Int {
    switch self {
    case .number, .draw, .index: 1
    case .unary(_, let operand): 1 + operand.nodeCount
    case .binary(_, let left, let right): 1 + left.nodeCount + right.nodeCount
    }
  }

  /// The number of nodes on the longest path.
  package var depth: Int {
    switch self {
    case .number, .draw, .index: 1
    case .unary(_, let operand): 1 + operand.depth
    case .binary(_, let left, let right): 1 + Swift.max(left.depth, right.depth)
    }
  }

  /// Returns the canonical tree, in which every subtree without draw and index is its value. −0 becomes +0.
  ///
  /// - Throws: `LawError` if such a subtree has no finite value.
  package func folded() throws(LawError) -> ExpressionTree {
    switch self {
    case .number(let value):
      guard value.isFinite else { throw .notFinite("a number of the expression", value) }
      return .number(value == 0 ? 0 : value)
    case .draw, .index: return self
    case .unary(let operation, let operand):
      let operand = try operand.folded()
      guard case .number(let x) = operand else { return .unary(operation, operand) }
      guard let value = operation.value(x) else { throw operation.error(x) }
      return .number(value == 0 ? 0 : value)
    case .binary(let operation, let left, let right):
      let (left, right) = (try left.folded(), try right.folded())
      guard case .number(let x) = left, case .number(let y) = right else { return .binary(operation, left, right) }
      guard let value = operation.value(x, y) else {
        throw operation.error(x, y)
      }
      return .number(value == 0 ? 0 : value)
    }
  }
}
