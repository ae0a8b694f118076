// The parser of references to runs.

import WinitRegistry

extension FuzzTarget {
  /// A reference that is written is read back as the same reference.
  static let reference = FuzzTarget("reference") { bytes in
    guard let text = text(bytes) else { return .refused("not UTF-8") }
    let reference: RunReference
    do { reference = try RunReference(parsing: text) } catch let error as RegistryError {
      try expect(error.code == .invalidReference, "the code is \(error.code)")
      return .refused(error.description)
    }
    let written = reference.description
    try expect(written.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "`\(written)` is not plain ASCII")
    try expect(
      try RunReference(parsing: written) == reference,
      "`\(text)` is written as `\(written)`, which is read as another reference")
    return .accepted
  }
}
