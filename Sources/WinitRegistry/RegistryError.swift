// The one error type of the library.

/// The reason why a method failed: a code for programs, a message for people, and the error that caused it, if there is
/// one.
///
/// ```swift
/// do {
///   run = try registry.run("gpt2")
/// } catch let error as RegistryError where error.code == .runNotFound {
///   run = nil
/// }
/// ```
public struct RegistryError: Error, Sendable, CustomStringConvertible {
  /// A kind of failure. The raw value is the name of the case.
  public enum Code: String, Sendable, CaseIterable {
    /// Weights, a record or a file do not match what is recorded.
    case mismatch
    /// Arguments contradict each other or the run.
    case invalidArgument
    /// A text is not a reference to a run.
    case invalidReference
    /// A text cannot be the name of a run, an alias or a tag.
    case invalidName
    /// The first digits of an id are those of several ids, or several runs have the id and only one can be changed.
    case ambiguousID
    /// A slice is malformed or does not fit the tensor.
    case invalidSlice
    /// A name or an alias is in use, so the operation is refused.
    case conflict
    /// The registry lies on a network file system, whose locks may not keep writers apart.
    case networkFileSystem
    /// A spec, a preset or a scheme is wrong; the message has a line for each problem.
    case invalidSpec
    /// A file is not a checkpoint of a supported format, or is damaged.
    case invalidFile
    /// A file is not a registry, or not one that this version can use.
    case invalidRegistry
    /// The registry file is damaged.
    case damagedRegistry
    /// The model is too large for a registry.
    case tooLarge
    /// No preset, scheme or tag has this name.
    case unknownName
    /// There is no registry at the path.
    case registryNotFound
    /// No run has this reference.
    case runNotFound
    /// The run is deleted, and can be restored.
    case runDeleted
    /// The run was deleted and collected.
    case runCollected
    /// The run has no such tensor.
    case tensorNotFound
    /// A file or a folder does not exist.
    case fileNotFound
    /// The output file exists, and replacing it was not allowed.
    case fileExists
    /// The system failed to read or write.
    case io
  }

  /// The kind of failure.
  public let code: Code
  /// The message for people: what happened, and the remedy if the library knows one. It is lower case, without a final
  /// period.
  public let message: String
  /// The error that caused this one; nil if there is none.
  public let underlying: (any Error)?
  /// The run, file or name that a remedy would name.
  package let subject: String?

  package init(_ code: Code, _ message: String, subject: String? = nil, underlying: (any Error)? = nil) {
    self.code = code
    self.message = message
    self.subject = subject
    self.underlying = underlying
  }

  /// The same text as ``message``.
  public var description: String { message }

  /// The exit status of the command for this error.
  package var exitStatus: Int32 {
    switch code {
    case .mismatch: 1
    case .invalidArgument, .invalidReference, .invalidName, .ambiguousID, .invalidSlice, .conflict, .networkFileSystem:
      64
    case .invalidSpec, .invalidFile, .invalidRegistry, .damagedRegistry, .tooLarge: 65
    case .registryNotFound, .runNotFound, .runDeleted, .runCollected, .tensorNotFound, .fileNotFound, .unknownName: 66
    case .fileExists, .io: 74
    }
  }
}
