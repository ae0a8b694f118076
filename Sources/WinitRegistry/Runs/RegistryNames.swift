// The names in a registry, for the completion of command lines.

import WinitCore
import WinitStorage

/// The names of runs, tensors and metadata in a registry, read without changing the file.
///
/// A completion must not print errors, so a registry that cannot be read has no names. Names with characters that
/// control a terminal are left out, because no shell shows them as they are.
package struct RegistryNames {
  private let store: Store

  /// The maximum number of names of a list.
  private static let limit = 5000

  /// Opens a registry for reading; nil if the file does not exist, is not a registry, has a schema older than
  /// `Store.oldestReadableSchema`, or needs a rollback first.
  package init?(at path: String) {
    guard let store = try? Store.openForReading(path) else { return nil }
    self.store = store
  }

  /// The references that complete a text: names of runs, and with `:` or a single name, its versions and aliases.
  package func references(startingWith text: String) -> [String] {
    let idMark = "sha256:"
    if text.hasPrefix(idMark) {
      return names(.ids(name: nil), startingWith: String(text.dropFirst(idMark.count))).map { idMark + $0 }
    }
    if let at = text.firstIndex(of: "@") {
      let name = String(text[..<at])
      let start = "\(name)@\(idMark)"
      let digits = text.hasPrefix(start) ? String(text.dropFirst(start.count)) : ""
      return names(.ids(name: name), startingWith: digits).map { start + $0 }
    }
    if let colon = text.firstIndex(of: ":") { return references(of: String(text[..<colon])) }
    let all = names(.runs, startingWith: text)
    let matching = all.filter { $0.hasPrefix(text) }
    return matching.count == 1 ? all + references(of: matching[0]) : all
  }

  /// The references to the versions and the aliases of a name.
  private func references(of name: String) -> [String] {
    names(.versions(name: name), startingWith: "") + names(.aliases(name: name), startingWith: "")
  }

  /// The references of deleted runs.
  package func deletedReferences(startingWith text: String) -> [String] { names(.deletedRuns, startingWith: text) }

  /// The names of runs.
  package func runNames(startingWith text: String) -> [String] { names(.runs, startingWith: text) }

  /// The aliases of all runs.
  package func aliases(startingWith text: String) -> [String] { names(.allAliases, startingWith: text) }

  /// The experiments of runs.
  package func experiments(startingWith text: String) -> [String] { names(.experiments, startingWith: text) }

  /// The keys of tags.
  package func tagKeys(startingWith text: String) -> [String] { names(.tagKeys, startingWith: text) }

  /// The tensors of the run that the first of the words names; none if no word is a reference to a run.
  package func tensors(ofRunAmong words: [String], startingWith text: String) -> [String] {
    let registry = Registry(store)
    guard let run = words.lazy.compactMap({ try? registry.run($0) }).first else { return [] }
    return names(.tensors(of: run.record), startingWith: text)
  }

  private func names(_ kind: Store.CompletedNames, startingWith text: String) -> [String] {
    let names = (try? store.names(kind, startingWith: text, limit: Self.limit)) ?? []
    return names.filter { name in
      !name.unicodeScalars.contains {
        switch $0.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
      }
    }
  }
}
