// The size of a run: its numbers of parameters and bytes, which the row of the run records.

import GRDB
package import WinitCore

/// A tensor of a run or of a plan, as far as the size of the run depends on it.
package protocol CountedTensor {
  var recipe: Recipe { get }
  /// The name of the tensor to which this tensor is tied.
  var tiedTo: TensorName? { get }
}

extension NewTensor: CountedTensor {}
extension TensorRecord: CountedTensor {}

/// The size of a run. The row of a run records it, so that lists need not read tensors.
package struct RunSize {
  /// The number of elements of all tensors, without tied tensors.
  package let parameterCount: Int
  /// The size of all tensors, in bytes.
  package let byteCount: Int

  /// Computes the size from all tensors of a run.
  package init(_ tensors: [some CountedTensor]) {
    var (parameters, bytes) = (0, 0)
    for tensor in tensors {
      if tensor.tiedTo == nil { parameters += tensor.recipe.shape.elementCount }
      bytes += tensor.recipe.byteCount
    }
    (parameterCount, byteCount) = (parameters, bytes)
  }
}

extension Store {
  /// Records the size of a run.
  package func setSize(of run: RunRecord, _ size: RunSize) throws {
    try write { db in
      try db.execute(
        sql: "UPDATE runs SET parameter_count = ?, byte_count = ? WHERE id = ?",
        arguments: [size.parameterCount, size.byteCount, try self.reload(run, db).rowID])
    }
  }
}
