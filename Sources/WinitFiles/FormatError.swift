// Errors of the content of files.

/// A file whose content is not valid.
package struct FormatError: Error, Sendable, CustomStringConvertible {
  /// The path of the file.
  package let path: String
  /// What is wrong with the content.
  package let reason: Reason

  /// What is wrong with the content, as text.
  package var problem: String { reason.description }

  package init(_ path: String, _ reason: Reason) {
    self.path = path
    self.reason = reason
  }

  /// Creates an error that only has a text.
  package init(_ path: String, _ problem: String) { self.init(path, .other(problem)) }

  /// The message for a person.
  package var description: String { "\(path): \(reason)" }

  /// What is wrong with the content of a file.
  package enum Reason: Equatable, Sendable, CustomStringConvertible {
    /// The file is not a safetensors file.
    case safetensors(SafetensorsProblem)
    /// The file is not the index of a sharded checkpoint.
    case index(IndexProblem)
    /// The file has another format than a checkpoint.
    case foreign(ForeignFormat)
    /// A folder or its files are not a checkpoint.
    case folder(FolderProblem)
    /// The information about the shards of a torch distributed checkpoint is not valid.
    case sharding(ShardingProblem)
    /// The file became shorter after its header was read.
    case endsEarly(at: Int)
    /// The file is larger than allowed.
    case tooLarge(limit: Int)
    /// The file has the name of a journal of a database that is to be written.
    case leftoverJournal
    /// Any other reason.
    case other(String)

    package var description: String {
      switch self {
      case .safetensors(let problem): "not a safetensors file: \(problem)"
      case .index(let problem): "not the index of a sharded checkpoint: \(problem)"
      case .foreign(let format): format.description
      case .folder(let problem): problem.description
      case .sharding(let problem): problem.description
      case .endsEarly(let offset): "the file ends at byte \(offset), before the end that its header gives"
      case .tooLarge(let limit): "the file has more than \(limit) bytes"
      case .leftoverJournal:
        "SQLite would take this file for the journal of the new file, and a registry that crashed may need it. Open that registry once, or move the journal away"
      case .other(let problem): problem
      }
    }
  }
}
