// What is compared of a checkpoint and a run.

import WinitCore
import WinitJSON

/// The tensors that are compared of a checkpoint and a run, and the differences that are allowed.
///
/// ```swift
/// var options = ComparisonOptions()
/// options.isSubset = true
/// let result = try registry.verify(run, against: "stage-2.safetensors", options: options)
/// ```
public struct ComparisonOptions: Sendable {
  /// Patterns of the names of tensors, in which `*` stands for any characters and `?` for one; empty for all tensors.
  public var tensors: [String] = []
  /// The slice of each tensor; nil for whole tensors. The checkpoint holds the slice, as an export of the slice does,
  /// or the whole tensor.
  public var slice: TensorSlice?
  /// Whether the checkpoint may lack tensors of the run, and hold one rank's shard of a tensor.
  public var isSubset = false
  /// Whether the checkpoint may hold the values of the run rounded to another floating-point dtype: to nearest, ties to
  /// even.
  public var allowsCast = false
  /// A text that is removed from the beginning of the names of the checkpoint and of the run; nil for none.
  public var strippedPrefix: String?

  /// Creates the default options: every tensor, whole, with its dtype.
  public init() {}

  /// What is compared, on one line.
  var scope: String {
    let what =
      tensors.isEmpty
      ? "every tensor of the file" : "the tensors that match \(tensors.map { "\(quoted: $0)" }.joined(separator: ", "))"
    let conditions: [String?] = [
      slice.map { "the slice \($0)" }, isSubset ? "the file may hold a part of the run" : nil,
      allowsCast ? "the file may hold rounded values" : nil, strippedPrefix.map { "names without \(quoted: $0)" },
    ]
    return ([what] + conditions.compactMap(\.self)).joined(separator: "; ")
  }
}
