// doctor: is the file sound, and can it be made so?

import ArgumentParser
import WinitRegistry

struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check the registry file, and repair what recipes can repair.",
    discussion: """
      Checks SQLite's integrity, the schema, references between rows, that every record agrees with itself and that every \
      chunk a run needs is there; with --full every chunk's digest too. Says which runs are affected.

      --repair makes damaged and missing chunks again from their recipes, and where the file's structure is damaged writes \
      it anew from what can be read. Make a copy of the file first, if there is room.

      Exits with 0 where the file is sound, or is so again, and 1 where it is not.
      """)

  @Flag(help: "Read and hash every chunk.")
  var full = false

  @Flag(help: "Repair what can be repaired; includes --full.")
  var repair = false

  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func run() throws {
    try reportingErrors {
      let progress = ProgressBar("checking")
      let report = try registry.open().checkIntegrity(full: full, repair: repair, progress: progress.update)
      try emit(json.enabled ? report.json.pretty : report.text(repair: repair))
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
    for (run, finding) in records.prefix(50) {
      lines.append(
        "  record of \(run.reference): \(finding.tensor.map { "`\($0)`: " } ?? "")\(finding.message)")
    }
    lines += unreadableRuns.prefix(50).map { "  \($0.reference): \($0.problem)" }
    lines += chunks.prefix(50).map(\.text)
    if chunks.count > 50 { lines.append("  … and \(chunks.count - 50) more chunks; --json lists all") }
    if isRebuilt { lines.append("  the file was written anew") }
    if orphanedBytes > 0 {
      lines.append(
        "  \(humanBytes(orphanedBytes)) that nobody needs, which is no damage; `gc --yes` frees it")
    }
    if !isSound {
      let runs = affected
      if !runs.isEmpty {
        lines.append("  affected: \(runs.prefix(20).joined(separator: ", "))\(runs.count > 20 ? ", …" : "")")
      }
      if !repair { lines.append("  --repair makes good what recipes can") }
    }
    return lines.joined(separator: "\n")
  }

  fileprivate var json: JSONValue {
    [
      "sound": .bool(isSound), "runs": .integer(runCount), "hashed_chunks": .integer(hashedChunks),
      "structure": .array(structure.map { .string($0) }),
      "references": .array(references.map { .string($0) }),
      "records": .array(
        records.map { run, finding in
          .object([.init("reference", .string(run.reference))] + (finding.json.objectValue ?? []))
        }),
      "unreadable_runs": .array(
        unreadableRuns.map { ["reference": .string($0.reference), "message": .string($0.problem)] }),
      "chunks": .array(chunks.map(\.json)), "orphaned_bytes": .integer(orphanedBytes),
      "rebuilt": .bool(isRebuilt), "affected": .array(affected.map { .string($0) }),
      "seconds": .number(duration / .seconds(1)),
    ]
  }
}

extension DamagedChunk {
  fileprivate var text: String {
    let what =
      switch problem {
      case .missing: "is missing"
      case .unreadable: "cannot be read"
      case .differs: "has other bytes"
      }
    let place =
      places.first.map { place in
        " (bytes \(place.bytes.lowerBound) to \(place.bytes.upperBound - 1) of `\(place.tensor)` in \(place.run.reference)"
          + (places.count > 1 ? ", and \(places.count - 1) other places)" : ")")
      } ?? " (nobody needs it)"
    return "  chunk \(digest.hex.prefix(12)) \(what)\(place)\(isRepaired ? ": repaired" : "")"
  }

  fileprivate var json: JSONValue {
    [
      "digest": .string(digest.description), "problem": .string(problem.rawValue),
      "repaired": .bool(isRepaired),
      "places": .array(
        places.map {
          [
            "reference": .string($0.run.reference), "tensor": .string($0.tensor.string),
            "range": [.integer($0.bytes.lowerBound), .integer($0.bytes.upperBound)],
          ]
        }),
    ]
  }
}
