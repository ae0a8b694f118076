// What a comparison of a checkpoint with a run covered.

package import WinitCore

extension Verification {
  /// What a comparison with a checkpoint compared, and what it left out without a finding.
  package struct Coverage: Sendable {
    /// The options of the comparison.
    package internal(set) var options = ComparisonOptions()
    /// The number of tensors of the run whose values were compared with those of the file.
    package internal(set) var comparedTensors = 0
    /// The tensors of the run that the file lacks, if the file may hold a part of the run.
    package internal(set) var absent: [TensorName] = []
    /// The tensors that the file holds only under the name of a tied tensor.
    package internal(set) var tied: [(name: TensorName, heldAs: TensorName)] = []
    /// The tensors of the file that the spec of the run skipped.
    package internal(set) var skipped: [TensorName] = []
    /// The number of tensors that were compared after rounding, for each pair of dtypes.
    package internal(set) var casts: [(from: DType, to: DType, tensors: Int)] = []
    /// Sentences about the path of the checkpoint.
    package internal(set) var warnings: [String] = []

    /// Counts a tensor that is compared after rounding.
    mutating func countCast(_ from: WinitCore.DType, _ to: WinitCore.DType) {
      let pair = (DType(from), DType(to))
      if let index = casts.firstIndex(where: { $0.from == pair.0 && $0.to == pair.1 }) {
        casts[index].tensors += 1
      } else {
        casts.append((pair.0, pair.1, 1))
      }
    }
  }

  /// The names of the tensors of the run that the checkpoint lacks, which is no finding if
  /// ``ComparisonOptions/isSubset`` is set.
  public var absentTensors: [String] { coverage?.absent.map(\.string) ?? [] }

  /// The tensors of the checkpoint that the spec of the run skipped, and that were not compared.
  public var skippedTensors: [String] { coverage?.skipped.map(\.string) ?? [] }

  /// Returns a position as `[5, 0]`.
  static func text(position: [Int]) -> String { "[" + position.map(String.init).joined(separator: ", ") + "]" }
}
