// The translation of errors of lower layers to `RegistryError`.

import Foundation
import WinitCore
import WinitFiles
import WinitInitializers
import WinitJSON
import WinitSpec
import WinitStorage

/// Runs the body of a public method in the floating-point mode of the law; an error of a lower layer becomes a
/// `RegistryError`. Errors of the caller, such as those of a progress handler, pass through unchanged.
func translatingErrors<T>(_ body: () throws -> T) throws -> T {
  do { return try withLawArithmetic(body) } catch { throw translated(error) }
}

func translated(_ error: any Error) -> any Error {
  switch error {
  case let error as StoreError: error.isDiskFull ? fullDisk(error) : RegistryError(error)
  case let error as FileError: RegistryError(error)
  case let error as FormatError: RegistryError(.invalidFile, error.description, subject: error.path, underlying: error)
  case let error as SpecError: RegistryError(.invalidSpec, error.description, underlying: error)
  case let error as UnknownPreset:
    RegistryError(.unknownName, error.description, subject: error.name, underlying: error)
  case let error as SchemeError: RegistryError(.invalidSpec, error.description, underlying: error)
  case let error as TensorFailure: RegistryError(.invalidSpec, error.description, underlying: error)
  case let error as LawError: RegistryError(.invalidSpec, error.description, underlying: error)
  case let error as JSONError: RegistryError(.invalidFile, error.description, underlying: error)
  case let error as InsufficientMemory: RegistryError(.io, error.description, underlying: error)
  case let error as ShapeError: RegistryError(.invalidSpec, error.description, underlying: error)
  case let error as SliceError: RegistryError(.invalidSlice, error.description, underlying: error)
  default: error
  }
}

/// Returns the error of a full disk where the number of bytes that are missing is not known.
private func fullDisk(_ error: StoreError) -> any Error {
  guard case .sqlite(let path, _, _) = error else { return error }
  do { return try namingFullDisk(path) { throw error } } catch { return error }
}

extension RegistryError {
  fileprivate init(_ error: FileError) {
    let code: Code = error.isNotFound ? .fileNotFound : error.code == EEXIST ? .fileExists : .io
    self.init(code, error.description, subject: error.path, underlying: error)
  }

  fileprivate init(_ error: StoreError) {
    let (code, subject): (Code, String?) =
      switch error {
      case .noRegistry(let path): (.registryNotFound, path)
      case .noFolder(let path): (.fileNotFound, path)
      case .gone(_, let reference): (.runCollected, reference)
      case .notARegistry(let path, _), .newerVersion(let path, _, _), .olderVersion(let path, _),
        .changedMigration(let path, _), .changedSchema(let path, _), .foreignCompanion(let path, _, _),
        .needsRollback(let path):
        (.invalidRegistry, path)
      case .damaged(let path, _): (.damagedRegistry, path)
      case .nameTaken(let name): (.conflict, name)
      case .noTag(_, let key, _): (.unknownName, key)
      case .hasAliases(let reference, _): (.conflict, reference)
      case .networkFileSystem(let path, _): (.networkFileSystem, path)
      case .notFreed(let reference, _): (.io, reference)
      case .missingChunks: (.io, nil)
      case .notShared(let path, _): (.conflict, path)
      case .cannotMake(let path, _), .cannotReach(let path, _), .folderNotShared(let path, _),
        .sqlite(let path, _, _), .locked(let path, _, _):
        (.io, path)
      }
    self.init(code, error.description, subject: subject, underlying: error)
  }
}

extension RegistryError {
  /// Whether `doctor` may find runs that can be salvaged from the file.
  package var isSalvageable: Bool { (underlying as? StoreError)?.isSalvageable ?? false }

  /// Whether the message says what to do about a file.
  package var hasFileRemedy: Bool { (underlying as? FileError)?.reason != nil }

  /// Whether another program has given the registry a write-ahead log, which a repair folds into the file.
  package var hasWriteAheadLog: Bool {
    if case .foreignCompanion(_, _, .log) = underlying as? StoreError { true } else { false }
  }

  /// Whether another process kept the registry locked.
  package var isLocked: Bool { if case .locked? = underlying as? StoreError { true } else { false } }

}
