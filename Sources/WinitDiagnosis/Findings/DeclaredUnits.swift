// The outputs and inputs of a weight that its law declares to be equal.

import WinitCore
import WinitInitializers

/// The units of a weight that its law gives without a draw: those in parts of a constant, an identity or given bytes,
/// and those of a table that the spec computes. Equal units of any other law are a finding.
struct DeclaredUnits {
  /// A part of the law, as the units see it.
  private struct Part {
    let box: [Range<Int>]
    let isDeclared: Bool
  }

  private let shape: Shape
  /// Empty if the law has no parts.
  private let parts: [Part]
  /// Whether every output, and every input, is declared.
  private let containsOutputs: Bool
  private let containsInputs: Bool
  private let roles: [WeightAxes.Role]

  init(_ tensor: ObservedTensor) {
    shape = tensor.shape
    roles = WeightAxes.roles(tensor.shape, tensor.fanSource) ?? []
    switch tensor.law {
    case .parts(let list)?:
      parts = list.map { part in
        let box = tensor.shape.dims.indices.map { $0 < part.box.count ? part.box[$0] : 0..<tensor.shape.dims[$0] }
        return Part(box: box, isDeclared: DeclaredUnits.isDeclared(part.law))
      }
      (containsOutputs, containsInputs) = (false, false)
    case .expression(nil, _)?:
      // A table of positions or decays may repeat its rows, and low frequencies round to equal columns. The outputs of a
      // layer must differ, also where the spec computes them.
      (parts, containsOutputs, containsInputs) = ([], !tensor.isKernel || tensor.isEmbedding, true)
    default: (parts, containsOutputs, containsInputs) = ([], false, false)
    }
  }

  private static func isDeclared(_ law: Law) -> Bool {
    switch law {
    case .constant, .eye, .dirac, .literal: true
    case .batched(let law, _): isDeclared(law)
    case .uniform, .normal, .truncatedNormal, .expression, .normOf, .orthogonal, .deltaOrthogonal, .sparse, .parts:
      false
    }
  }

  /// Whether every element of an output, or of an input, is declared.
  ///
  /// - Parameter role: `output` or `input`.
  func contains(_ unit: Int, _ role: WeightAxes.Role) -> Bool {
    guard role == .output ? !containsOutputs : !containsInputs else { return true }
    guard !parts.isEmpty, !roles.isEmpty else { return false }
    let place = coordinates(unit, role)
    func reaches(_ box: [Range<Int>]) -> Bool {
      box.indices.allSatisfy { place[$0].map(box[$0].contains) ?? !box[$0].isEmpty }
    }
    func holds(_ box: [Range<Int>]) -> Bool {
      reaches(box) && box.indices.allSatisfy { place[$0] != nil || box[$0] == 0..<shape.dims[$0] }
    }
    // A later part overwrites an earlier one.
    for part in parts.reversed() where reaches(part.box) {
      if !part.isDeclared { return false }
      if holds(part.box) { return true }
    }
    return false
  }

  /// The indices of a unit on the axes of its role and of the batch; nil on any other axis.
  private func coordinates(_ unit: Int, _ role: WeightAxes.Role) -> [Int?] {
    var rest = unit
    var place = [Int?](repeating: nil, count: shape.rank)
    for axis in shape.dims.indices.reversed() where roles[axis] == role || roles[axis] == .batch {
      (place[axis], rest) = (rest % shape.dims[axis], rest / shape.dims[axis])
    }
    return place
  }
}
