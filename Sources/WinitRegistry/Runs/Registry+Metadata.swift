// What people say about runs: experiment, tags, note, parent.

import Foundation
import WinitJSON
public import WinitStorage

/// A change of what is said about a run; nil leaves a fact as it is.
public struct RunMetadataUpdate: Sendable {
  /// The experiment; the empty text takes it off.
  public var experiment: String?
  /// The note; the empty text takes it off.
  public var note: String?
  /// The run it comes from.
  public var parent: Run?
  /// Tags to be set.
  public var tags: [Tag] = []
  /// Keys of tags to be taken off.
  public var tagsToRemove: [String] = []

  /// No change.
  public init() {}

  /// A tag as it is written: `key=value`.
  ///
  /// - Throws: `RegistryError.usage` where there is no `=`, or no key before it.
  public static func tag(parsing text: String) throws(RegistryError) -> Tag {
    guard let equals = text.firstIndex(of: "=") else {
      throw .usage("`\(text)` is not a tag; write KEY=VALUE")
    }
    let tag = Tag(key: String(text[..<equals]), value: String(text[text.index(after: equals)...]))
    _ = try checked([tag])
    return tag
  }

  /// Tags with keys that can be written, each once; the last of several counts.
  static func checked(_ tags: [Tag]) throws(RegistryError) -> [Tag] {
    for tag in tags where tag.key.isEmpty || tag.key.contains("=") || tag.key.contains(where: \.isWhitespace)
    {
      throw .usage("`\(tag.key)` cannot be a tag's key: it needs a character, and no space or `=`")
    }
    var keys: Set<[UInt8]> = []
    return tags.reversed().filter { keys.insert(Array($0.key.utf8)).inserted }.reversed()
  }
}

extension Registry {
  /// Changes what is said about a run, all of it or nothing.
  ///
  /// - Returns: the run as it is then.
  public func change(_ run: Run, _ facts: RunMetadataUpdate) throws -> Run {
    var change = MetadataChange()
    change.experiment = facts.experiment
    change.note = facts.note
    change.parent = facts.parent?.uid
    change.tags = try RunMetadataUpdate.checked(facts.tags)
    change.tagsToRemove = facts.tagsToRemove
    if facts.parent?.uid == run.uid { throw RegistryError.usage("\(run.reference) cannot be its own parent") }
    var detail: [JSONValue.Member] = []
    if let experiment = facts.experiment { detail.append(.init("experiment", .string(experiment))) }
    if let note = facts.note { detail.append(.init("note", .string(note))) }
    if let parent = facts.parent { detail.append(.init("parent", .string(parent.reference))) }
    if !change.tags.isEmpty {
      detail.append(.init("tags", .object(change.tags.map { .init($0.key, .string($0.value)) })))
    }
    if !facts.tagsToRemove.isEmpty {
      detail.append(.init("removed_tags", .array(facts.tagsToRemove.map { .string($0) })))
    }
    return try store.change(run, change, Event("facts", .object(detail), by: currentActor()))
  }

  /// The run that a run says it comes from; nil where it says none, or one that is not in this registry.
  public func parent(of run: Run) throws -> Run? { try run.parent.flatMap { try store.run(uid: $0) } }
}
