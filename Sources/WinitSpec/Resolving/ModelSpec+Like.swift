// `like`: names, shapes and dtypes from a checkpoint's headers.

import Foundation
public import WinitCore
import WinitFiles

extension ModelSpec {
  /// Decides every tensor, reading the headers of the checkpoint that is to be followed, if any.
  ///
  /// - Parameter like: instead of the spec's own `like`, which is relative to the spec's folder.
  /// - Throws: `SpecError`, or why the checkpoint cannot be read.
  public func plan(dtype: DType? = nil, like: String? = nil) throws -> Plan {
    guard let path = like ?? self.like.map(besideSpec) else {
      return try resolve(dtype: dtype)
    }
    let tensors = try Checkpoint(path).entries.map {
      LikeTensor(
        name: $0.name, shape: $0.shape, dtype: $0.dtype, code: $0.code,
        bytes: .file($0.file, offset: $0.offset))
    }
    return try resolve(dtype: dtype, like: (path, tensors))
  }

  private func besideSpec(_ path: String) -> String {
    path.hasPrefix("/") ? path : folderPrefix(of: file) + path
  }
}
