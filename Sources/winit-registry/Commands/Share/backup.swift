// backup: copy a registry.

import ArgumentParser
import WinitRegistry

struct BackupCommand: JSONCommand {
  static let configuration = CommandConfiguration(
    name: "backup", abstract: "Write a consistent copy of the registry.",
    discussion: """
      Other processes can use the registry meanwhile; the copy is the state of the registry at one moment. When the command \
      ends, the copy is complete and flushed to the disk.

        winit-registry backup winit-2026-11-24.sqlite
      """)

  @Argument(help: "The copy to write.", completion: .file()) var path: String

  @Flag(help: "Replace the file if it exists.")
  var force = false

  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func validate() throws {
    if path == "-" { throw ValidationError("a copy cannot be written to standard output. Name a file") }
    try asUsage { try OutputEnding.check(path, of: .backup) }
  }

  func run() throws {
    try reportingErrors {
      let progress = ProgressBar("copying")
      let size = try registry.open().backup(to: path, replacing: force, progress: progress.update)
      let report = BackupReport(path: path, fileBytes: size)
      try emit(json.enabled ? report.json : "wrote \(path): \(humanBytes(size))")
    }
  }
}
