// doctor: check and repair the registry file.

import ArgumentParser
import WinitJSON
import WinitRegistry

struct DoctorCommand: JSONCommand {
  static let configuration = CommandConfiguration(
    name: "doctor", abstract: "Check the registry file, repair damage, and salvage the runs of a damaged file.",
    discussion: """
      Checks SQLite's integrity, the schema, the references between rows, the consistency of every record, and that every \
      chunk that a run refers to exists; with --full also the digest of every chunk. Names the affected runs.

      --repair regenerates damaged and missing chunks from recipes, and corrects the records whose right value is known. \
      If the structure of the file is damaged, if the file is cut short, or if it cannot be opened at all, it salvages \
      every run that its pages still hold into a new file. The new file takes the place of the registry once everything \
      in it is checked, and the damaged file stays beside it as NAME.damaged-1. This needs free space of at most the size \
      of the file. Runs that cannot be salvaged are listed. If another program has given the registry a write-ahead log \
      (PRAGMA journal_mode = WAL), a repair folds the log into the file.

      A bundle and a backup are registry files, too: name them with --registry.

      Exits with 0 if the registry is sound or was repaired, and with 1 if damage remains or runs are lost.
      """)

  @Flag(help: "Also read every chunk and check its digest.")
  var full = false

  @Flag(help: "Repair the damage; includes --full. Without this flag nothing changes.")
  var repair = false

  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func run() throws {
    try reportingErrors {
      let progress = ProgressBar("checking")
      let report = try Registry.checkIntegrity(
        at: registry.path, full: full, repair: repair, progress: progress.update)
      try emit(json.enabled ? report.json : report.text(repair: repair))
      if !report.isSound { throw ExitStatus.mismatch }
    }
  }
}

extension IntegrityReport {
  fileprivate func text(repair: Bool) -> String {
    let hashed = hashedChunks > 0 ? ", \(counted(hashedChunks, "chunk")) hashed" : ""
    var lines = [
      "\(isSound ? "sound" : "DAMAGED")  (\(counted(runCount, "run"))\(hashed), in \(humanDuration(duration)))"
    ]
    lines += structure.prefix(10).map { "  structure: \($0)" }
    if structure.count > 10 { lines.append("  … and \(structure.count - 10) more; --json lists all") }
    lines += references.map { "  references: \($0)" }
    for record in records.prefix(50) {
      let tensor = record.finding.tensor.map { "\(quoted: $0): " } ?? ""
      lines.append("  record of \(record.run.reference): \(tensor)\(record.finding.message)")
    }
    if records.count > 50 { lines.append("  … and \(records.count - 50) more records; --json lists all") }
    lines += unreadableRuns.prefix(50).map { "  \($0.reference): \($0.problem)" }
    if unreadableRuns.count > 50 { lines.append("  … and \(unreadableRuns.count - 50) more runs; --json lists all") }
    lines += chunks.prefix(50).map(\.text)
    if chunks.count > 50 { lines.append("  … and \(chunks.count - 50) more chunks; --json lists all") }
    if let salvage { lines += salvage.lines }
    if unreferencedBytes > 0 {
      lines.append("  \(humanBytes(unreferencedBytes)) unreferenced (not an error; `gc --yes` frees it)")
    }
    if !isSound {
      let runs = affectedRuns
      if !runs.isEmpty {
        lines.append("  affected: \(runs.prefix(20).joined(separator: ", "))\(runs.count > 20 ? ", …" : "")")
      }
      if !repair {
        let remedy =
          salvage.map { "salvage the runs; this needs at most \(humanBytes($0.neededBytes)) of free space" }
          ?? repairs.joined(separator: " and ")
        lines.append("  run with --repair to \(remedy)")
      }
    }
    return lines.joined(separator: "\n")
  }
}

extension IntegrityReport {
  /// What a repair of a file with a sound structure does.
  private var repairs: [String] {
    let hasWrongRecords = !(references.isEmpty && records.isEmpty && unreadableRuns.isEmpty)
    return (chunks.isEmpty ? [] : ["regenerate damaged chunks"])
      + (hasWrongRecords ? ["correct the records whose right value is known"] : [])
  }
}

extension SalvageReport {
  fileprivate var lines: [String] {
    var lines: [String] = []
    if let damagedFile {
      lines.append("  \(counted(runCount, "run")) salvaged into a new file; the damaged file is \(damagedFile)")
    } else {
      lines.append("  \(counted(runCount, "run")) can be salvaged")
    }
    lines += incompleteRuns.prefix(50).map { "  incomplete: \($0.reference): \($0.problem)" }
    if incompleteRuns.count > 50 { lines.append("  … and \(incompleteRuns.count - 50) more; --json lists all") }
    lines += lostRuns.prefix(50).map { run in
      let names = [run.reference, run.id].compactMap(\.self).joined(separator: ", ")
      return "  lost: \(names): \(run.problem)"
    }
    if lostRuns.count > 50 { lines.append("  … and \(lostRuns.count - 50) more lost runs; --json lists all") }
    return lines
  }
}

extension IntegrityReport.DamagedChunk {
  fileprivate var text: String {
    let what =
      switch problem {
      case .missing: "is missing"
      case .unreadable: "cannot be read"
      case .differs: "differs from its digest"
      }
    let place = placeText.map { " (\($0))" } ?? " (unreferenced)"
    return "  chunk \(shortDigest) \(what)\(place)\(isRepaired ? ": repaired" : "")"
  }
}
