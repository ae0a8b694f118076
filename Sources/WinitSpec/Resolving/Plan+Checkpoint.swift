// The plan of a checkpoint that is imported.

import WinitCore
import WinitFiles
import WinitJSON

extension Plan {
  /// Creates a plan whose every tensor is a literal: the bytes that a checkpoint holds.
  ///
  /// Tensors that only the metadata of the checkpoint names are not tensors of the plan: the metadata is kept.
  package init(capturing path: String) throws {
    let checkpoint = try Checkpoint(path)
    tensors = checkpoint.entries.filter { $0.aliasOf == nil }.map { entry in
      PlannedTensor(
        name: entry.name, shape: entry.shape, dtype: entry.dtype, law: .literal, streamName: entry.name,
        tiedTo: nil, record: ["scheme": "literal"], literal: .checkpoint(entry.bytes))
    }
    warnings = []
    checkpointWarnings = checkpoint.warnings
    metadata = checkpoint.metadata
  }
}
