// verify: does the registry still hold what it recorded, and is a file what it should be?

import ArgumentParser
import Foundation
import WinitRegistry

struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check runs, or a checkpoint against a run.",
    discussion: """
      By default stored bytes are read and hashed, every tensor is filled again and hashed, and both must give the \
      recorded digests; the record itself must agree with the run's id.

      With --against, a .safetensors file or a sharded checkpoint's index is compared with the run: names, shapes, \
      dtypes and bits. Each difference is named with its first element and, where it can be told, its likely cause.

      Exits with 0 where everything matches and 1 where something does not.
      """)

  @Argument(help: "The runs: NAME, NAME:v2, NAME@sha256:… or sha256:….")
  var references: [String] = []

  @Flag(help: "Every run of the registry.")
  var all = false

  @Flag(help: "Only stored bytes against their digests.")
  var stored = false

  @Flag(help: "Only regeneration against the digests.")
  var regenerate = false

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Compare this checkpoint with one run.", valueName: "file"))
  var against: String?

  @OptionGroup var threads: ThreadsOption
  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func validate() throws {
    if all != references.isEmpty { throw ValidationError("give runs, or --all for every one") }
    if [stored, regenerate, against != nil].count(where: \.self) > 1 {
      throw ValidationError("give one of --stored, --regenerate and --against")
    }
    if against != nil, references.count != 1 {
      throw ValidationError("--against compares a file with one run")
    }
  }

  func run() throws {
    try reportingErrors {
      let registry = try registry.open()
      // Found first, so that a wrong reference is said before hours of work.
      let runs = all ? try registry.runs() : try references.map { try registry.run($0) }
      let mode: VerifyMode = stored ? .stored : regenerate ? .regenerate : .everything
      var results: [Verification] = []
      var skipped: [Run] = []
      var failures: [(run: Run, error: any Error)] = []
      for run in runs {
        if all, stored, !run.isStored {
          skipped.append(run)
          if !json.enabled { try emit("\(run.reference)  skipped: recipe-only, nothing is stored") }
          continue
        }
        do {
          let result = try verify(run, in: registry, mode)
          results.append(result)
          if !json.enabled { try emit(result.text) }
        } catch let error as StoreError where runs.count > 1 {
          // What is wrong with one run is no reason not to look at the others.
          failures.append((run, error))
          printError("error: \(run.reference): \(error)")
        }
      }
      let matches = results.allSatisfy(\.matches) && failures.isEmpty
      if json.enabled {
        let report: JSONValue = [
          "matches": .bool(matches), "runs": .array(results.map(\.json)),
          "skipped": .array(skipped.map { .string($0.reference) }),
          "errors": .array(
            failures.map { ["reference": .string($0.run.reference), "message": .string("\($0.error)")] }),
        ]
        try emit(report.pretty)
      } else if runs.isEmpty {
        try emit("the registry has no runs")
      }
      if let failure = failures.first { throw ExitStatus.of(failure.error) }
      if !matches { throw ExitStatus.mismatch }
    }
  }

  private func verify(_ run: Run, in registry: Registry, _ mode: VerifyMode) throws -> Verification {
    let progress = ProgressBar("verifying \(run.reference)")
    if let against {
      return try registry.verify(run, against: against, threads: threads.threads, progress: progress.update)
    }
    return try registry.verify(run, mode: mode, threads: threads.threads, progress: progress.update)
  }
}

extension Verification {
  fileprivate var text: String {
    let subject = run.reference + (against.map { " against \($0)" } ?? "")
    var lines = [
      "\(subject)  \(matches ? "ok" : "MISMATCH")  (\(humanBytes(byteCount)) in \(humanDuration(duration)))"
    ]
    if against != nil {
      lines.append("  compared     \(run.tensorCount) tensors, \(fileChunks) chunks of the file")
    } else {
      if storedChunks > 0 { lines.append("  stored       \(storedChunks) chunks read and hashed") }
      if regeneratedChunks > 0 {
        lines.append("  regenerated  \(regeneratedChunks) chunks filled again and hashed")
      }
    }
    for finding in findings.prefix(Verification.shown) {
      lines.append(
        "  \(finding.kind.rawValue): " + (finding.tensor.map { "`\($0)`: " } ?? "") + finding.message)
      if let cause = finding.likelyCause { lines.append("      likely: \(cause)") }
    }
    if findings.count > Verification.shown {
      lines.append("  … and \(findings.count - Verification.shown) more; --json lists all")
    }
    return lines.joined(separator: "\n")
  }

  private static let shown = 20
}
