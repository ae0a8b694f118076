// The file of a registry, which the first create or import creates.

import Synchronization
import WinitStorage

/// A registry file that is open, or that the first create or import creates.
final class StoreFile: Sendable {
  let path: String
  private let store: Mutex<Store?>

  init(_ store: Store) {
    path = store.path
    self.store = Mutex(store)
  }

  /// Opens the file if it exists.
  ///
  /// - Throws: `StoreError` if the file is not a registry, or if no file can be created there.
  init(openingOrCreating path: String) throws {
    self.path = path
    store = Mutex(try Store.openIfExists(path))
  }

  /// Returns the open file. Without a file, returns an empty registry in memory.
  func existing() throws -> Store {
    try store.withLock { store in
      if let store { return store }
      guard let opened = try Store.openIfExists(path) else { return try Store.empty(at: path) }
      store = opened
      return opened
    }
  }

  /// Returns whether the file exists.
  func exists() throws -> Bool {
    _ = try existing()
    return store.withLock { $0 != nil }
  }

  /// Returns the open file. Without a file, creates it.
  func existingOrNew() throws -> Store {
    try store.withLock { store in
      if let store { return store }
      let opened = try Store.openOrCreate(path)
      store = opened
      return opened
    }
  }
}
