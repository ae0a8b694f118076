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

      How thorough it was is always said, and the outcome goes into the history (`log`). --sample looks at so many chunks \
      drawn at random. --all and --since can be stopped and gone on with: --resume leaves out what was seen before.

      Exits with 0 where everything matches and 1 where something does not.
      """)

  @Argument(help: "The runs: NAME, NAME:v2, NAME@sha256:… or sha256:….")
  var references: [String] = []

  @Flag(help: "Every run of the registry.")
  var all = false

  @Option(
    help: ArgumentHelp(
      "Every run created at this time or later: a date, or so long ago, \(Span.help).", valueName: "time"))
  var since: TimeText?

  @Option(help: ArgumentHelp("Look at so many chunks, drawn at random from all the runs.", valueName: "n"))
  var sample: Int?

  @Flag(help: "Go on with the same verification of many runs where it was interrupted.")
  var resume = false

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

  private var isPass: Bool { all || since != nil }

  func validate() throws {
    if isPass != references.isEmpty { throw ValidationError("give runs, or --all or --since for many") }
    if all, since != nil { throw ValidationError("give one of --all and --since") }
    if [stored, regenerate, against != nil].count(where: \.self) > 1 {
      throw ValidationError("give one of --stored, --regenerate and --against")
    }
    if against != nil, references.count != 1 {
      throw ValidationError("--against compares a file with one run")
    }
    if let sample, sample < 1 || against != nil {
      throw ValidationError("--sample is a number of the runs' chunks, at least 1, and not for --against")
    }
    if resume, !isPass || sample != nil {
      throw ValidationError("--resume goes on with --all or --since, without --sample")
    }
  }

  func run() throws {
    try reportingErrors {
      let registry = try registry.open()
      var runs = try selected(in: registry)
      let mode: VerifyMode = stored ? .stored : regenerate ? .regenerate : .everything
      var results: [Verification] = []
      var skipped: [Run] = []
      var failures: [(run: Run, error: any Error)] = []
      let pass = isPass && sample == nil ? beginPass(registry, mode) : nil
      let seen = pass?.seen ?? [:]
      let failedBefore = runs.filter { seen[$0.uid] == false }
      runs.removeAll { seen[$0.uid] != nil }
      if !seen.isEmpty, !json.enabled {
        try emit("going on after \(counted(seen.count, "run")), of which \(failedBefore.count) did not match")
      }
      let shares = sample.map { registry.allocateSample(ofSample: $0, among: runs) }
      for (index, run) in runs.enumerated() where shares?[index] != 0 {
        if isPass, stored, !run.isStored {
          skipped.append(run)
          if !json.enabled { try emit("\(run.reference)  skipped: recipe-only, nothing is stored") }
          continue
        }
        do {
          let result = try verify(run, in: registry, mode, shares?[index])
          results.append(result)
          if !json.enabled { try emit(result.text) }
          record(result, in: pass, registry)
        } catch let error as StoreError where runs.count > 1 {
          // What is wrong with one run is no reason not to look at the others.
          failures.append((run, error))
          printError("error: \(run.reference): \(error)")
        }
      }
      if let pass, failures.isEmpty { try? registry.finish(pass) }
      let matches = results.allSatisfy(\.matches) && failures.isEmpty && failedBefore.isEmpty
      if json.enabled {
        let report: JSONValue = [
          "matches": .bool(matches), "runs": .array(results.map(\.json)),
          "skipped": .array(skipped.map { .string($0.reference) }), "resumed_after": .integer(seen.count),
          "failed_before": .array(failedBefore.map { .string($0.reference) }),
          "errors": .array(
            failures.map { ["reference": .string($0.run.reference), "message": .string("\($0.error)")] }),
        ]
        try emit(report.pretty)
      } else if runs.isEmpty, seen.isEmpty {
        try emit(since == nil ? "the registry has no runs" : "no runs were created since")
      } else if !failedBefore.isEmpty {
        try emit(
          "before the interruption did not match: \(failedBefore.map(\.reference).joined(separator: ", "))")
      }
      if let failure = failures.first { throw ExitStatus.of(failure.error) }
      if !matches { throw ExitStatus.mismatch }
    }
  }

  /// Found first, so that a wrong reference is said before hours of work.
  private func selected(in registry: Registry) throws -> [Run] {
    guard isPass else { return try references.map { try registry.run($0) } }
    var query = RunQuery()
    query.since = since?.iso
    return try registry.runs(query)
  }

  /// Where the registry cannot be written to, there is nothing to go on with.
  private func beginPass(_ registry: Registry, _ mode: VerifyMode) -> VerificationPass? {
    let selection: JSONValue = [
      "level": .string(mode.rawValue), "since": since.map { .string($0.text) } ?? .null,
    ]
    return try? registry.beginPass(selection, resuming: resume)
  }

  private func record(_ result: Verification, in pass: VerificationPass?, _ registry: Registry) {
    do { try registry.record(result, in: pass) } catch {
      printError("note: the outcome for \(result.run.reference) is not in the history: \(error)")
    }
  }

  private func verify(_ run: Run, in registry: Registry, _ mode: VerifyMode, _ sample: Int?) throws
    -> Verification
  {
    let progress = ProgressBar("verifying \(run.reference)")
    if let against {
      return try registry.verify(run, against: against, threads: threads.threads, progress: progress.update)
    }
    return try registry.verify(
      run, mode: mode, sample: sample, threads: threads.threads, progress: progress.update)
  }
}

extension Verification {
  fileprivate var text: String {
    let subject = run.reference + (against.map { " against \($0)" } ?? "")
    var lines = [
      "\(subject)  \(matches ? "ok" : "MISMATCH")  (\(humanBytes(byteCount)) in \(humanDuration(duration)))"
    ]
    lines.append("  level        \(level)")
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
