// Why a file beside a registry is not used.

import Foundation

/// Why SQLite must not use a file beside a registry: its journal, its write-ahead log, or the index of that log.
///
/// The raw value is that of the guard of CWinitStorage.h.
package enum CompanionProblem: Int32, Sendable, CaseIterable {
  /// The journal names another file, as that of a transaction over several files does. SQLite would delete that file.
  case superJournal = 0x41
  /// The header of the journal has values that SQLite never writes.
  case journalHeader
  /// The pages in the journal do not have the size of the pages of the registry.
  case journalPageSize
  /// The journal belongs to a file with more pages.
  case journalPageCount
  /// The journal belongs to another file, or to another state of the registry.
  case journalOfOtherFile
  /// The file is a link, a folder, a pipe or a device.
  case notRegular
  /// The file has other names (hard links), so that a change of it would change another file.
  case severalNames
  /// The file belongs to a user who cannot write the registry.
  case otherOwner
  /// Another program has given the registry a write-ahead log.
  case log
  /// There is a write-ahead log, and the registry has none.
  case strayLog
  /// The file is the database of another application, and has a write-ahead log.
  case notARegistry

  /// The problem that the guard reported in an extended result code of SQLite; nil for any other code.
  init?(resultCode: Int32) {
    guard resultCode & 0xFF == 14 else { return nil }  // SQLITE_CANTOPEN
    self.init(rawValue: resultCode >> 8)
  }

  /// The endings of the files that SQLite keeps beside a database.
  package static let endings = ["-journal", "-wal", "-shm"]

  /// Returns the path of the file that has the problem.
  ///
  /// - Parameter registry: the path of the registry. SQLite looks for the files beside the file to which links lead.
  func path(beside registry: String) -> String {
    let registry = RegistryFile.resolved(registry)
    func first(_ hasProblem: (stat) -> Bool) -> String? {
      Self.endings.map { registry + $0 }.first {
        var status = stat()
        return lstat($0, &status) == 0 && hasProblem(status)
      }
    }
    let found =
      switch self {
      case .superJournal, .journalHeader, .journalPageSize, .journalPageCount, .journalOfOtherFile: nil as String?
      case .notRegular: first { $0.st_mode & S_IFMT != S_IFREG }
      case .severalNames: first { $0.st_nlink > 1 }
      case .otherOwner: first { $0.st_uid != geteuid() && $0.st_uid != 0 }
      case .log, .strayLog, .notARegistry: registry + "-wal"
      }
    return found ?? registry + "-journal"
  }

  /// Says what is wrong with the file.
  var text: String {
    switch self {
    case .superJournal: "it names another file, which SQLite would delete. winit-registry never writes such a journal"
    case .journalHeader: "its header has values that SQLite never writes"
    case .journalPageSize: "its pages have another size"
    case .journalPageCount: "it is the journal of a larger file"
    case .journalOfOtherFile: "it is the journal of another file, or of another state of this file"
    case .notRegular: "it is a link, a folder, a pipe or a device"
    case .severalNames: "it is also another file (a hard link)"
    case .otherOwner: "it belongs to a user who cannot write the registry"
    case .log: "another program has given the registry a write-ahead log"
    case .strayLog: "it is a write-ahead log, and the header of the registry says that it has none"
    case .notARegistry: "it is the write-ahead log of another application"
    }
  }
}
