// What a spec declares, so that it is no finding.

import WinitCore
import WinitJSON

/// The tensors whose values the spec gives outright: ties, literals, identities, and constants.
struct Declarations {
  /// In the order of the tensors.
  let declared: [DeclaredTensor]
  private let names: Set<TensorName>

  init(_ context: FindingContext) {
    let found = context.tensors.compactMap { tensor in
      Declarations.what(tensor).map { (tensor.name, DeclaredTensor(tensor: tensor.name.string, what: $0)) }
    }
    declared = found.map(\.1)
    names = Set(found.map(\.0))
  }

  func contains(_ tensor: ObservedTensor) -> Bool { names.contains(tensor.name) }

  private static func what(_ tensor: ObservedTensor) -> String? {
    if let target = tensor.tiedTo { return "tied to \(target)" }
    guard let name = tensor.scheme?["picked"]?.stringValue ?? tensor.scheme?["scheme"]?.stringValue else { return nil }
    switch tensor.law {
    // A file is compared with the constant of its spec.
    case .constant(let value)?:
      guard tensor.statistics.isConstant, tensor.statistics.minimum == value || !tensor.isForeign else { return nil }
      // A weight of zeros is declared only where the spec names it. Biases of zeros and scales of ones always are.
      guard !tensor.isKernel || tensor.isNamedBySpec == true else { return nil }
      return value == 0 ? "zeros" : value == 1 ? "ones" : "constant"
    case .eye?: return "eye"
    case .dirac?: return "dirac"
    case .literal?: return name.hasSuffix("literal") ? "literal" : nil
    case .batched(.eye, _)?: return "eye"
    case .batched(.dirac, _)?: return "dirac"
    default: return nil
    }
  }
}

extension ObservedTensor {
  /// Whether the elements are those of the law and the law gives zeros or equal units by its boxes or its structure,
  /// which the spec means.
  var hasStructureBySpec: Bool {
    guard !isForeign, let law else { return false }
    switch law {
    case .parts, .sparse, .eye, .dirac, .deltaOrthogonal, .expression, .batched: return true
    case .constant, .uniform, .normal, .truncatedNormal, .orthogonal, .normOf, .literal: return false
    }
  }

  /// Whether the spec computes the elements without a draw, as those of a table of positions.
  var isComputedBySpec: Bool {
    guard let law else { return false }
    return !law.isRandom && !law.hasLiteral
  }
}
