// The shape of the values between layers.

/// The shape of the values of one sample between two layers.
struct Extent: Equatable {
  /// The number of units at one position.
  var channels: Int
  /// The lengths of the axes of positions: of an image, of a sequence. Empty for a vector; nil if unknown.
  var lengths: [Int]?
  /// Whether the positions are tokens, which no layer flattens.
  var isSequence = false

  static func vector(_ size: Int) -> Extent { Extent(channels: size, lengths: []) }

  /// The number of positions; nil if unknown or too large to count.
  var positions: Int? { lengths.flatMap(product) }

  /// Whether there is more than one position, or may be.
  var hasPositions: Bool { positions.map { $0 > 1 } ?? true }
}

/// Returns a product; nil where it does not fit.
func product(_ factors: [Int]) -> Int? {
  var result = 1
  for factor in factors {
    let (next, overflow) = result.multipliedReportingOverflow(by: factor)
    guard !overflow else { return nil }
    result = next
  }
  return result
}

/// Why a network has no theory. The text says what to do.
package struct TheoryProblem: Error, Equatable {
  package var message: String
  /// Whether the shapes of the tensors contradict the network, whatever their elements are.
  package var isContradiction = false
  /// The tensor at fault, where there is one.
  package var tensor: String?

  package init(_ message: String) { self.message = message }

  /// A contradiction between the network and the shapes of the tensors.
  static func contradiction(_ message: String, _ tensor: String? = nil) -> TheoryProblem {
    var problem = TheoryProblem(message)
    (problem.isContradiction, problem.tensor) = (true, tensor)
    return problem
  }
}
