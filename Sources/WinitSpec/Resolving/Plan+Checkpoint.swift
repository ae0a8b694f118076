// The plan of a checkpoint that is imported.

import WinitCore
import WinitFiles
import WinitJSON

extension Plan {
  /// Creates a plan whose every tensor is a literal: the bytes that a checkpoint holds.
  ///
  /// - Throws: `FormatError` if the checkpoint holds a dtype that a registry does not support.
  package init(capturing path: String) throws {
    tensors = try Checkpoint(path).entries.map { entry in
      guard let dtype = entry.dtype else {
        throw FormatError(
          path, "tensor `\(entry.name)` has dtype \(entry.code), which is not supported; nothing was imported")
      }
      return PlannedTensor(
        name: entry.name, shape: entry.shape, dtype: dtype, law: .literal, streamName: entry.name,
        tiedTo: nil, record: ["scheme": "literal"], literal: .file(entry.file, offset: entry.offset))
    }
    warnings = []
  }
}
