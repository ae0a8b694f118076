// doctor: check and repair the registry file.

import ArgumentParser
import WinitJSON
import WinitRegistry

struct DoctorCommand: JSONCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Check the registry file, and repair damage that recipes can repair.",
    discussion: """
      Checks SQLite's integrity, the schema, the references between rows, the consistency of every record, and that every \
      chunk that a run refers to exists; with --full also the digest of every chunk. Names the affected runs.

      --repair regenerates damaged and missing chunks from recipes. If the structure of the file is damaged, it rebuilds \
      the file from what can be read. Copy the file before a repair if the disk has room. If another program has given \
      the registry a write-ahead log (PRAGMA journal_mode = WAL), a repair folds the log into the file.

      Exits with 0 if the registry is sound or was repaired, and with 1 if damage remains.
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
      let registry = try repair ? Registry(openingForRepair: registry.path) : registry.open()
      let report = try registry.checkIntegrity(full: full, repair: repair, progress: progress.update)
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
    if isRebuilt { lines.append("  the file was rebuilt") }
    if unreferencedBytes > 0 {
      lines.append("  \(humanBytes(unreferencedBytes)) unreferenced (not an error; `gc --yes` frees it)")
    }
    if !isSound {
      let runs = affectedRuns
      if !runs.isEmpty {
        lines.append("  affected: \(runs.prefix(20).joined(separator: ", "))\(runs.count > 20 ? ", …" : "")")
      }
      if !repair { lines.append("  run with --repair to regenerate damaged chunks") }
    }
    return lines.joined(separator: "\n")
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
