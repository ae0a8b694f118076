// stats: show the space that a registry takes.

import ArgumentParser
import WinitRegistry

struct StatsCommand: JSONCommand {
  static let configuration = CommandConfiguration(
    name: "stats",
    abstract: "Show the size of a registry: runs, stored, shared and unreferenced bytes.")

  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func run() throws {
    try reportingErrors {
      let report = try registry.open().space()
      try emit(json.enabled ? report.json : report.text)
    }
  }
}

extension SpaceReport {
  fileprivate var text: String {
    var rows = [
      ["runs", "\(runCount)" + (deletedRunCount == 0 ? "" : ", and \(deletedRunCount) deleted")],
      ["stored", "\(humanBytes(storedBytes)) in \(counted(chunkCount, "chunk"))"],
      ["shared", "\(humanBytes(sharedBytes)) saved, because equal chunks are stored once"],
      ["unreferenced", humanBytes(reclaimableBytes) + (reclaimableBytes > 0 ? "; `gc --yes` frees it" : "")],
    ]
    if deletedBytes > 0 { rows.append(["deleted", "\(humanBytes(deletedBytes)) referenced by deleted runs only"]) }
    if leasedBytes > 0 { rows.append(["leased", "\(humanBytes(leasedBytes)) by operations in progress"]) }
    rows.append(["file", "\(humanBytes(fileBytes)), including \(humanBytes(freeBytes)) of empty pages"])
    return Table(fields: rows).text
  }
}
