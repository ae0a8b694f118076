// Metadata: experiment, tags, note and parent of runs. None of it is part of the id, so all of it may change.

import WinitJSON
import WinitStorage

/// A change of the metadata of a run. A field that is nil stays as it is.
public struct RunMetadataUpdate: Sendable {
  /// The experiment; the empty text removes it.
  public var experiment: String?
  /// The note; the empty text removes it.
  public var note: String?
  /// The run that the changed run comes from.
  public var parent: Run?
  /// The tags to set. A tag with the key of a recorded tag replaces it.
  public var tags: [Run.Tag] = []
  /// The keys of the tags to remove, which the run must have.
  public var tagKeysToRemove: [String] = []

  /// Creates an update that changes nothing.
  public init() {}
}

extension Run.Tag {
  /// Reads a tag as it is typed: `key=value`.
  ///
  /// - Throws: `RegistryError` with the code `invalidName`.
  package init(parsing text: String) throws {
    guard let equals = text.firstIndex(of: "=") else {
      throw RegistryError(.invalidName, "\(quoted: text) is not a tag. Write KEY=VALUE", subject: text)
    }
    self.init(key: String(text[..<equals]), value: String(text[text.index(after: equals)...]))
    _ = try checkedTags([self])
  }
}

/// Returns tags as records, each key once; the last of several tags with one key counts.
///
/// - Throws: `RegistryError` with the code `invalidName`.
func checkedTags(_ tags: [Run.Tag]) throws -> [TagRecord] {
  for tag in tags where tag.key.isEmpty || tag.key.contains("=") || tag.key.contains(where: \.isWhitespace) {
    throw RegistryError.invalidTagKey(tag.key)
  }
  var keys: Set<[UInt8]> = []
  return tags.reversed().filter { keys.insert(Array($0.key.utf8)).inserted }.reversed()
    .map { TagRecord(key: $0.key, value: $0.value) }
}

extension Registry {
  /// Changes the metadata of a run, all of it or nothing. The id stays the same.
  ///
  /// ```swift
  /// var update = RunMetadataUpdate()
  /// update.experiment = "baseline"
  /// update.tags = [Run.Tag(key: "optimizer", value: "adamw")]
  /// let run = try registry.update(registry.run("gpt2"), update)
  /// ```
  ///
  /// - Returns: the run as it is afterward.
  /// - Throws: `RegistryError` with the code `invalidName` if the key of a tag is not valid, `unknownName` if
  ///   the run does not have a tag to remove, `invalidArgument` if the run would be its own parent, or `runCollected` if
  ///   the run was collected meanwhile.
  public func update(_ run: Run, _ update: RunMetadataUpdate) throws -> Run {
    try translatingErrors {
      var change = MetadataChange()
      change.experiment = update.experiment
      change.note = update.note
      change.parent = update.parent?.uid
      change.tags = try checkedTags(update.tags)
      change.tagsToRemove = update.tagKeysToRemove
      if update.parent == run { throw RegistryError.invalidArgument("\(run.reference) cannot be its own parent") }
      var detail: [JSONValue.Member] = []
      if let experiment = update.experiment { detail.append(.init("experiment", .string(experiment))) }
      if let note = update.note { detail.append(.init("note", .string(note))) }
      if let parent = update.parent { detail.append(.init("parent", .string(parent.reference))) }
      if !change.tags.isEmpty {
        detail.append(.init("tags", .object(change.tags.map { .init($0.key, .string($0.value)) })))
      }
      if !change.tagsToRemove.isEmpty {
        detail.append(.init("removed_tags", .array(change.tagsToRemove.map { .string($0) })))
      }
      let event = Event("facts", .object(detail), by: currentActor())
      return Run(try store.change(run.record, change, event))
    }
  }

  /// Returns the run that a run comes from; nil if the run has no parent, or if the parent is not in this registry.
  package func parent(of run: Run) throws -> Run? {
    try translatingErrors { try run.parentUID.flatMap { try store.run(uid: $0) }.map(Run.init) }
  }
}
