// A checkpoint taken over as it is.

import WinitCore
import WinitFiles
import WinitJSON

extension Plan {
  /// A plan whose every tensor is a literal: the bytes that a checkpoint holds.
  ///
  /// - Throws: `FormatError` where it holds a dtype that a registry does not.
  package init(capturing path: String) throws {
    tensors = try Checkpoint(path).entries.map { entry in
      guard let dtype = entry.dtype else {
        throw FormatError(
          path, "tensor `\(entry.name)` has dtype \(entry.code), which is not supported; nothing was imported"
        )
      }
      return PlannedTensor(
        name: entry.name, shape: entry.shape, dtype: dtype, law: .literal, streamName: entry.name,
        tiedTo: nil,
        record: ["scheme": "literal"], literal: .file(entry.file, offset: entry.offset))
    }
    warnings = []
  }
}
