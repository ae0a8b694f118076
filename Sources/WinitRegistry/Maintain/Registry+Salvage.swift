// doctor: what can be salvaged from a file whose structure is damaged, and the new file that takes its place.

import Foundation
import WinitCore
import WinitFiles
import WinitJSON
import WinitStorage

extension Registry {
  /// Checks the file at a path, also one that is so damaged that no registry can be opened. The parameters and the
  /// errors are those of `checkIntegrity(full:repair:progress:)`.
  ///
  /// - Throws: `RegistryError` with the code `damagedRegistry` if nothing can be salvaged from the file.
  package static func checkIntegrity(
    at path: String, full: Bool, repair: Bool, progress: ProgressHandler? = nil
  ) throws -> IntegrityReport {
    let registry: Registry
    do { registry = try repair ? Registry(openingForRepair: path) : Registry(opening: path) } catch let error
      as RegistryError where error.isSalvageable
    {
      return try translatingErrors {
        let start = ContinuousClock.now
        let file = FileSalvage(path: path, openingError: error, progress: progress)
        var report: IntegrityReport
        if repair {
          report = try file.repair(.init(unreadable: error))
        } else {
          report = IntegrityReport(unreadable: error)
          report.salvage = try file.preview()
          report.runCount = report.salvage?.runCount ?? 0
        }
        report.duration = .now - start
        return report
      }
    }
    return try registry.checkIntegrity(full: full, repair: repair, progress: progress)
  }
}

extension IntegrityReport {
  /// Creates the report of a file that cannot be opened.
  fileprivate init(unreadable error: RegistryError) {
    if case .damaged(_, let what) = error.underlying as? StoreError {
      structure = [what]
    } else {
      structure = [error.message]
    }
  }
}

/// The salvage of a file whose structure is damaged. The file itself is only read.
struct FileSalvage {
  let path: String
  /// The reason why the file cannot be opened; nil if it can. Such a file must hold something that can be salvaged.
  var openingError: RegistryError?
  let progress: ProgressHandler?

  /// Returns what can be salvaged. Changes nothing.
  func preview() throws -> SalvageReport {
    // The lock keeps out all writers, so the process must not stop before.
    try TransactionGate.shared.unstoppable { try previewUnstoppably() }
  }

  private func previewUnstoppably() throws -> SalvageReport {
    let file = try RawFile(path)
    try file.lock(exclusively: false) { try progress?(0, 0) }
    let pages = try pages(of: file)
    let salvage = Salvage(pages, into: try Store.empty(at: path))
    try salvage.copyRecords()
    try salvage.copyChunks(keepsBytes: false) { try progress?($0, pages.maximumByteCount) }
    var restoration = RunRestoration(salvage, linksChunks: false, progress: progress)
    var report = try restoration.run()
    report.neededBytes = pages.maximumByteCount
    try check(report, salvage)
    return report
  }

  /// Salvages the runs into a new file, which takes the place of the damaged one. No other process reads or writes
  /// meanwhile. The damaged file stays beside the new one. At an error nothing has changed.
  ///
  /// - Parameter before: the damage that was found, whose chunks are reported as repaired if they are intact now.
  func repair(_ before: IntegrityReport) throws -> IntegrityReport {
    // The repair holds the lock until its end. A process that is stopped meanwhile would keep other processes waiting.
    try TransactionGate.shared.unstoppable { try repairUnstoppably(before) }
  }

  private func repairUnstoppably(_ before: IntegrityReport) throws -> IntegrityReport {
    let place = try ReplacedFile(path)
    try place.checkAccess(as: path)
    let file = try lockedFile(place.path)
    defer { file.unlock() }
    let folder = try LockedFolder(for: place.path)
    let pages = try pages(of: file)
    if let free = place.freeSpace, free < pages.maximumByteCount {
      throw RegistryError(
        .io,
        "the repair writes a new file of up to \(pages.maximumByteCount) bytes beside \(path), and the disk has \(free) free. Nothing was changed",
        subject: path)
    }
    let temporary = folder.path(of: "database")
    var (report, salvaged) = try namingFullDisk(path, needed: pages.maximumByteCount) {
      try write(temporary, like: place.path, pages, before)
    }
    // A read that a request to stop has ended would look like damage.
    try OperationContext.current.cancellation.check()
    let kept = try place.replace(with: temporary) { try copy(file, to: $0) }
    // As the user wrote the path, unless that is a link to another place.
    salvaged.damagedFile = isLink(path) ? kept : path + kept.dropFirst(place.path.count)
    report.salvage = salvaged
    report.isRebuilt = true
    return report
  }

  /// Writes the new file, and flushes it to the disk.
  private func write(
    _ temporary: String, like path: String, _ pages: DamagedPages, _ before: IntegrityReport
  ) throws -> (IntegrityReport, SalvageReport) {
    try naming(self.path, inPlaceOf: temporary) {
      let store = try Store.creating(temporary, like: path)
      let (report, salvaged) = try salvagedRuns(pages, store, before)
      // The list is bounded, because a history is read whole.
      let lost = salvaged.lostRuns.prefix(1000).map { $0.reference ?? $0.id ?? "" }
      let detail: JSONValue = [
        "repaired_chunks": .integer(report.chunks.count(where: \.isRepaired)),
        "damaged_chunks": .integer(report.chunks.count { !$0.isRepaired }),
        "rebuilt": true, "lost_runs": .strings(Array(lost)),
      ]
      try store.record(Event("repair", detail, by: currentActor()), nil)
      try store.close()
      try flushFile(temporary, as: self.path)
      return (report, salvaged)
    }
  }

  /// Fills a new registry, and checks everything in it.
  private func salvagedRuns(
    _ pages: DamagedPages, _ store: Store, _ before: IntegrityReport
  ) throws -> (IntegrityReport, SalvageReport) {
    let salvage = Salvage(pages, into: store)
    try salvage.copyRecords()
    try salvage.copyChunks(keepsBytes: true) { try progress?($0, pages.maximumByteCount) }
    var restoration = RunRestoration(salvage, linksChunks: true, progress: progress)
    let salvaged = try restoration.run()
    try check(salvaged, salvage)
    try store.repairInconsistencies()
    var report = try IntegrityCheck(store: store, progress: progress).run(full: true)
    if !report.chunks.isEmpty {
      try Repair(store: store, progress: progress).repairChunks(&report, in: store)
      let regenerated = report.chunks.filter(\.isRepaired)
      report = try IntegrityCheck(store: store, progress: progress).run(full: true)
      report.addRepaired(regenerated)
    }
    guard report.structure.isEmpty else {
      throw StoreError.damaged(
        path: path, what: "the new file cannot be read either, so nothing was changed: \(report.structure[0])")
    }
    report.addRepaired(before.chunks)
    return (report, salvaged)
  }

  private func pages(of file: RawFile) throws -> DamagedPages {
    let size = try file.byteCount()
    let pageFile = PageFile(byteCount: size) { file.bytes(at: $0, count: $1) }
    return try DamagedPages(pageFile) { [progress] in try progress?(0, 0) }
  }

  /// Returns the file with an exclusive lock. If the file has a journal to be rolled back, SQLite rolls it back first.
  private func lockedFile(_ path: String) throws -> RawFile {
    for _ in 0..<10 {
      let file = try RawFile(path)
      try file.lock(exclusively: true) { try progress?(0, 0) }
      if !file.hasMoved, !hasJournal(path) { return file }
      file.unlock()
      // Opening the file rolls the journal back. If SQLite cannot use the journal, it stays, and is kept with the file.
      _ = try? Store.open(path).close()
      if !file.hasMoved, hasJournal(path) {
        try file.lock(exclusively: true) { try progress?(0, 0) }
        if !file.hasMoved { return file }
      }
    }
    throw RegistryError(.io, "other processes replaced \(path) again and again. Nothing was changed", subject: path)
  }

  private func hasJournal(_ path: String) -> Bool {
    var status = stat()
    return stat(path + "-journal", &status) == 0 && status.st_size > 0
  }

  private func isLink(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && (status.st_mode & S_IFMT) == S_IFLNK
  }

  /// Copies the damaged file, which is locked.
  private func copy(_ file: RawFile, to path: String) throws {
    let output = try OutputFile(path, replacing: false)
    let size = try file.byteCount()
    for offset in stride(from: 0, to: size, by: chunkSize) {
      try file.bytes(at: offset, count: min(chunkSize, size - offset)).withUnsafeBytes { try output.write($0) }
    }
    try output.commit()
  }

  /// Checks that a file that cannot be opened holds something of a registry.
  private func check(_ report: SalvageReport, _ salvage: Salvage) throws {
    guard let openingError, report.runCount == 0, report.lostRuns.isEmpty, salvage.chunks.isEmpty else { return }
    throw RegistryError(
      .damagedRegistry, "\(openingError.message). Nothing can be salvaged from it; restore a backup", subject: path)
  }
}
