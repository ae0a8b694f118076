// Parses a spec from a text or a file.

import WinitCore
import WinitFiles

extension ModelSpec {
  /// Parses a spec. Problems beyond the YAML are thrown when the spec is resolved.
  ///
  /// - Parameter file: the name of the file in errors.
  /// - Throws: `SpecError` if the text is not YAML, nests or expands too far, or repeats a key.
  package init(parsing text: String, file: String) throws(SpecError) {
    let root: SpecNode?
    do { root = try SpecNode.parse(text, file: file) } catch { throw SpecError([error]) }
    var reader = SpecReader(file: file)
    self = reader.spec(root)
  }

  /// Reads and parses a file.
  ///
  /// - Throws: `SpecError`, or `FileError` if the file cannot be read.
  package init(contentsOf path: String) throws { try self.init(readWhole(path, limit: Self.limit), file: path) }

  /// Reads and parses the YAML text on standard input.
  ///
  /// - Throws: the errors of `init(contentsOf:)`.
  package init(standardInput: Void) throws {
    try self.init(readStandardInput(limit: Self.limit), file: standardInputName)
  }

  /// The maximum size of a text.
  private static let limit = 100_000_000

  private init(_ bytes: [UInt8], file path: String) throws {
    let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let content = bytes.starts(with: byteOrderMark) ? bytes.dropFirst(3) : bytes[...]
    guard let text = String(validating: content, as: UTF8.self) else {
      throw SpecError([
        SpecDiagnostic(
          file: path, line: nil, tensor: nil, problem: SpecProblem(.invalidEncoding, "not UTF-8 text"))
      ])
    }
    try self.init(parsing: text, file: path)
  }
}
