// Aliases, names, deletion: how runs are found, and when no more.

import WinitJSON
public import WinitStorage

extension Registry {
  /// Makes `NAME:ALIAS` stand for a run, wherever it stood before.
  ///
  /// - Returns: the run it stood for, if another.
  /// - Throws: `RegistryError.badAlias` where it is no word, or looks like a version.
  public func setAlias(_ alias: String, of run: Run) throws -> Run? {
    guard Alias.isValid(alias) else { throw RegistryError.badAlias(alias) }
    let before = try store.setAlias(alias, run) { before in
      var detail: [JSONValue.Member] = [.init("alias", .string(alias))]
      if let before { detail.append(.init("from", .string(before.reference))) }
      return Event("alias", .object(detail), by: currentActor())
    }
    return before?.uid == run.uid ? nil : before
  }

  /// Takes an alias off.
  ///
  /// - Returns: the run it stood for.
  /// - Throws: `RegistryError.noRun` where there is no such alias.
  public func removeAlias(_ alias: String, of name: String) throws -> Run {
    let event = Event("unalias", ["alias": .string(alias)], by: currentActor())
    guard let run = try store.removeAlias(name, alias, event) else {
      let others = try store.aliases(of: name)
      throw RegistryError.noRun(
        "\(name):\(alias)", path: path, suggestion: nearest(to: alias, in: others).map { "\(name):\($0)" })
    }
    return run
  }

  /// Gives all runs of a name another one, with their versions and aliases.
  ///
  /// - Returns: how many runs that were.
  /// - Throws: `RegistryError.badName`; `RegistryError.noRun` where the name has no runs; `StoreError.nameTaken` where
  ///   the new one is or was that of others.
  public func rename(_ old: String, to new: String) throws -> Int {
    guard RunName.isValid(new) else { throw RegistryError.badName(new) }
    guard old != new else { throw RegistryError.usage("`\(old)` is its name already") }
    let event = Event("rename", ["from": .string(old), "to": .string(new)], by: currentActor())
    let count = try store.rename(old, new, event)
    guard count > 0 else {
      throw RegistryError.noRun(
        old, path: path, suggestion: try store.newName(of: old) ?? nearest(to: old, in: store.runNames()))
    }
    return count
  }

  /// Deletes a run: no reference finds it until it is restored, and a collection takes it for good once its grace period
  /// has passed. Deleting it again changes nothing.
  ///
  /// - Throws: `StoreError.hasAliases`.
  public func delete(_ run: Run) throws -> Run { try delete([run])[0] }

  /// Deletes runs, all or none.
  public func delete(_ runs: [Run]) throws -> [Run] {
    try store.delete(runs, Event("delete", by: currentActor()))
  }

  /// Undoes a deletion.
  public func restore(_ run: Run) throws -> Run { try restore([run])[0] }

  /// Undoes deletions, all or none.
  public func restore(_ runs: [Run]) throws -> [Run] {
    try store.restore(runs, Event("restore", by: currentActor()))
  }

  /// What was done, the newest first: all, or what was done to a run.
  public func history(of run: Run? = nil, limit: Int? = nil) throws -> [HistoryEntry] {
    try store.history(of: run, limit: limit)
  }
}
