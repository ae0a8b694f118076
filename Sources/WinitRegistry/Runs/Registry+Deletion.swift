// Deletion and restoring of runs.

import WinitStorage

extension Registry {
  /// Deletes runs, all or none. No reference finds a deleted run until it is restored, and a collection removes it for
  /// good after its grace period. Deleting a run again changes nothing.
  ///
  /// - Returns: the runs as they are afterward.
  /// - Throws: `RegistryError` with the code `conflict` if a run has an alias, or `runCollected` if a run was collected
  ///   meanwhile.
  @discardableResult
  public func delete(_ runs: [Run]) throws -> [Run] {
    try translatingErrors {
      try store.delete(runs.map(\.record), Event("delete", by: currentActor())).map(Run.init)
    }
  }

  /// Restores deleted runs, all or none. A run that is not deleted stays as it is.
  ///
  /// - Parameter runs: the runs, as ``Registry/run(_:includingDeleted:)`` or ``RunQuery/selectsDeleted`` gives them.
  /// - Returns: the runs as they are afterward.
  /// - Throws: `RegistryError` with the code `runCollected` if a run was collected meanwhile.
  @discardableResult
  public func restore(_ runs: [Run]) throws -> [Run] {
    try translatingErrors {
      try store.restore(runs.map(\.record), Event("restore", by: currentActor())).map(Run.init)
    }
  }
}
