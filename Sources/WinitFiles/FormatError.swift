// Why a file's content is refused.

/// A file whose content is not what it should be.
public struct FormatError: Error, Sendable, CustomStringConvertible {
  /// The file.
  public let path: String
  /// What is wrong with it.
  public let problem: String

  package init(_ path: String, _ problem: String) {
    self.path = path
    self.problem = problem
  }

  /// What is wrong, for a person.
  public var description: String { "\(path): \(problem)" }
}
