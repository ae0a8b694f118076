// The error of a document that is not a diagnosis.

package import WinitJSON

/// The reason why a text is no diagnosis, and the member at fault.
package enum DocumentError: Error, Equatable, CustomStringConvertible {
  /// The text is not JSON.
  case notJSON(JSONError)
  /// The text is longer than a diagnosis can be.
  case tooLarge(bytes: Int, limit: Int)
  /// The value is no object with the member `schema`.
  case noSchema
  /// The schema is another one.
  case unknownSchema(String)
  /// A member is missing, or is not what the schema says. The path is like `tensors[3].std`.
  case member(path: String, problem: String)

  package var description: String {
    switch self {
    case .notJSON(let error): "\(error)"
    case .tooLarge(let bytes, let limit):
      "the document has \(bytes) bytes, and a diagnosis has at most \(limit)"
    case .noSchema:
      """
      the document has no member `schema`. A diagnosis has the schema `\(Diagnosis.schema)`, as `diagnose --json` and \
      `winit.torch.diagnose` write it
      """
    case .unknownSchema(let schema):
      "the schema is \(quoted: schema), and this program reads `\(Diagnosis.schema)`. Diagnose again with this version"
    case .member(let path, let problem): "`\(path)` \(problem)"
    }
  }
}
