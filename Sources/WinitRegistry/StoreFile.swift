// The file of a registry, which the first create or import creates.

import Synchronization
import WinitCore
import WinitStorage

/// A registry file that is open, or that the first create or import creates.
final class StoreFile: Sendable {
  let path: String
  /// The users who share the file if it is created.
  private let users: RegistryUsers
  private let store: Mutex<Store?>
  /// The context in which the file was named, and is opened.
  private let context = OperationContext.current

  init(_ store: Store) {
    path = store.path
    users = .owner
    self.store = Mutex(store)
  }

  /// Opens the file if it exists.
  ///
  /// - Throws: `StoreError` if the file is not a registry, or if no file can be created there for these users.
  init(openingOrCreating path: String, for users: RegistryUsers) throws {
    self.path = path
    self.users = users
    store = Mutex(try Store.openIfExists(path, for: users))
  }

  /// Returns the open file. Without a file, returns an empty registry in memory.
  func existing() throws -> Store {
    try store.withLock { store in
      if let store { return store }
      guard let opened = try inContext({ try Store.openIfExists(path) }) else { return try Store.empty(at: path) }
      store = opened
      return opened
    }
  }

  /// Returns whether the file exists.
  func exists() throws -> Bool {
    _ = try existing()
    return store.withLock { $0 != nil }
  }

  /// Opens the file again, because another one has taken its place.
  func reopen() throws { try store.withLock { store in store = try inContext { try Store.open(path) } } }

  /// Runs a body that adds runs to the open file. Without a file, creates it; if the body then fails before it has added
  /// a run, removes the file again.
  ///
  /// - Parameter body: called with the file, and with whether it was created.
  func adding<Result>(_ body: (Store, Bool) throws -> Result) throws -> Result {
    let isNew = try !exists()
    let opened = try existingOrNew()
    do { return try body(opened, isNew) } catch {
      if isNew {
        store.withLock { store in
          opened.removeIfUnused()
          store = nil
        }
      }
      throw error
    }
  }

  private func existingOrNew() throws -> Store {
    try store.withLock { store in
      if let store { return store }
      let opened = try inContext { try Store.openOrCreate(path, for: users) }
      store = opened
      return opened
    }
  }

  private func inContext<T>(_ body: () throws -> T) rethrows -> T {
    try OperationContext.$current.withValue(context, operation: body)
  }
}
