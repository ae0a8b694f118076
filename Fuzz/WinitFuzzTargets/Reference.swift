// How a run is named.

import WinitRegistry

extension FuzzTarget {
  /// A reference is written as what reads back as the same.
  static let reference = FuzzTarget("reference") { bytes in
    guard let text = text(bytes) else { return .refused("no text") }
    let reference: Reference
    do throws(RegistryError) { reference = try Reference(parsing: text) } catch {
      return .refused(error.description)
    }
    let written = reference.description
    try expect(written.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "`\(written)` is not plain ASCII")
    try expect(try Reference(parsing: written) == reference, "`\(text)` is written `\(written)`")
    return .accepted
  }
}
