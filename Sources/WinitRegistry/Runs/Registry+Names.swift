// Aliases and names.

import WinitCore
import WinitJSON
import WinitStorage

extension Registry {
  /// Gives a run an alias, so that `NAME:ALIAS` is a reference to it. If another run of the name has the alias, the
  /// alias moves.
  ///
  /// - Parameters:
  ///   - alias: letters, digits, `.`, `_` and `-`, at most 255; not `latest`, and not like a version (`v2`).
  ///   - run: the run.
  /// - Returns: the run that had the alias before, if it was another run.
  /// - Throws: `RegistryError` with the code `invalidName` if the alias is not valid.
  public func setAlias(_ alias: String, of run: Run) throws -> Run? {
    try translatingErrors {
      try RegistryError.checkNewAlias(alias)
      let before = try store.setAlias(alias, run.record) { before in
        var detail: [JSONValue.Member] = [.init("alias", .string(alias))]
        if let before { detail.append(.init("from", .string(before.reference))) }
        return Event("alias", .object(detail), by: currentActor())
      }
      return before?.uid == run.uid ? nil : before.map(Run.init)
    }
  }

  /// Removes an alias of a name.
  ///
  /// - Returns: the run that had the alias.
  /// - Throws: `RegistryError` with the code `runNotFound` if the name has no such alias.
  public func removeAlias(_ alias: String, of name: String) throws -> Run {
    try translatingErrors {
      let event = Event("unalias", ["alias": .string(alias)], by: currentActor())
      guard let run = try store.removeAlias(name, alias, event) else {
        let near = nearest(to: alias, in: try store.aliases(of: name))
        throw RegistryError.aliasNotFound(alias, of: name, path: path, suggestion: near)
      }
      return Run(run)
    }
  }

  /// Gives all runs of a name another name. The runs keep their versions and aliases.
  ///
  /// - Returns: the number of runs that were renamed.
  /// - Throws: `RegistryError` with the code `invalidName`, `invalidArgument` if both names are the same, `runNotFound`
  ///   if the name has no runs, or `conflict` if the new name belongs or belonged to other runs.
  public func rename(_ old: String, to new: String) throws -> Int {
    try translatingErrors {
      try RegistryError.checkNewName(new)
      guard old != new else { throw RegistryError.invalidArgument("the name is \(quoted: old) already") }
      let event = Event("rename", ["from": .string(old), "to": .string(new)], by: currentActor())
      let count = try store.rename(old, new, event)
      guard count > 0 else {
        throw RegistryError.runNotFound(
          old, path: path, suggestion: try store.newName(of: old) ?? nearest(to: old, in: store.runNames()))
      }
      return count
    }
  }
}
