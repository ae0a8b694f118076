// verify: check runs against their digests, or a checkpoint against a run.

import ArgumentParser
import Foundation
import WinitRegistry

struct VerifyCommand: JSONCommand {
  static let configuration = CommandConfiguration(
    name: "verify", abstract: "Verify runs, or a checkpoint against a run.",
    discussion: """
      Reads the stored bytes, regenerates every tensor, and compares the digests of both with the recorded digests. Also \
      checks that the record of the run agrees with its id.

      With --against, compares a checkpoint with the run: names, shapes, dtypes and bits. Reports each difference \
      with its first differing element and, if it can be told, the likely cause. A tensor that is tied to another may \
      be absent if the checkpoint holds the other, and tensors that the spec skips are not compared; the output names \
      them.

      A checkpoint may hold a part of a run: --tensor and --slice select what is compared, and with --subset, tensors that \
      the checkpoint lacks are no difference, and one rank's shard of torch's distributed checkpoint is compared with its \
      part of each tensor.

      The output says what was verified, and the history (`log`) keeps the result. A verification of many runs (--all, \
      --since) prints a line for each run that does not match, and a summary as its last line; --verbose prints the result \
      of every run. It can be interrupted, also by the end of an ssh connection, and continued with --resume: each result \
      is recorded when its run is verified. With `nohup`, or in tmux, it goes on after the connection has ended.

      Exits with 0 if everything matches, and with 1 if anything does not match.

        winit-registry verify gpt2
        winit-registry verify gpt2 --against gpt2.safetensors
        winit-registry verify gpt2 --against stage-1.safetensors --subset
        winit-registry verify gpt2 --against gpt2-bf16.safetensors --cast
        winit-registry verify --all --sample 1000
      """)

  @Argument(help: "The runs, such as gpt2, gpt2:v2 or sha256:e6dc291b.", completion: .runs)
  var references: [String] = []

  @Flag(help: "Verify every run of the registry.")
  var all = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      """
      Verify every run created at this time or later: a date (2026-11-24), a date and a time in UTC (2026-11-24T10:00), today, \
      yesterday, a weekday, or an age (7d, 12h, 2w).
      """,
      valueName: "time"),
    transform: TimeText.parse)
  var since: TimeText?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Verify only this number of chunks, chosen at random from all the runs. (default: all chunks)", valueName: "n"),
    transform: integer(atLeast: 1))
  var sample: Int?

  @Flag(
    help:
      """
      Continue the last interrupted verification that had the same --all or --since, and --stored or --regenerate: skip \
      the runs that it has verified.
      """)
  var resume = false

  @Flag(help: "With --all and --since, print the result of every run, also if it matches.")
  var verbose = false

  @Flag(help: "Verify only the stored bytes; do not regenerate. Skips recipe-only runs with --all and --since.")
  var stored = false

  @Flag(help: "Verify only the regeneration; read stored bytes only of literals, which have no recipe.")
  var regenerate = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Compare this checkpoint with one run: a .safetensors file, the index (.json) of a sharded one, or a folder.",
      valueName: "file"), completion: .checkpoints)
  var against: String?

  @OptionGroup var comparison: ComparisonOptionGroup

  @OptionGroup var threads: ThreadsOption
  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  private var isPass: Bool { all || since != nil }

  func validate() throws {
    try refuseStandardInput(against, "--against -", "a checkpoint")
    if resume, !isPass || sample != nil {
      throw ValidationError("--resume needs --all or --since, and cannot be combined with --sample")
    }
    if all, since != nil { throw ValidationError("give one of --all and --since") }
    if isPass, !references.isEmpty { throw ValidationError("give runs, or one of --all and --since, but not both") }
    if !isPass, references.isEmpty { throw ValidationError("give runs, or --all or --since for many runs") }
    if [stored, regenerate, against != nil].count(where: \.self) > 1 {
      throw ValidationError("give one of --stored, --regenerate and --against")
    }
    if against != nil, references.count != 1 {
      throw ValidationError("--against compares a checkpoint with one run; give one run")
    }
    if sample != nil, against != nil { throw ValidationError("give one of --sample and --against") }
    if against == nil, let option = comparison.given {
      throw ValidationError("\(option) needs --against FILE: it is about the comparison with a checkpoint")
    }
  }

  func run() throws {
    try reportingErrors {
      let registry = try registry.open()
      if let against {
        try verify(try registry.run(references[0]), against: against, in: registry)
        return
      }
      let level: Verification.Level = stored ? .stored : regenerate ? .regenerate : .everything
      let progress = ProgressBar("verifying")
      let summary = try registry.verify(
        selection(in: registry), level: level, sample: sample, resuming: resume, threads: threads.threads,
        progress: progress.update
      ) { event in
        if case .started(let run) = event { progress.label = "verifying \(run.reference)" }
        try report(event)
      }
      if json.enabled {
        try emit(summary.json)
      } else if summary.selectedCount == 0, summary.resumedAfter == 0 {
        try emit(since.map { "no runs were created since \($0.text)" } ?? "the registry has no runs")
      } else {
        if !summary.failedBefore.isEmpty {
          let runs = summary.failedBefore.map(\.reference)
          try emit("mismatches before the interruption: \(runs.joined(separator: ", "))")
        }
        if isPass { try emit(summary.text) }
      }
      if let failure = summary.failures.first {
        let status = ExitStatus.of(failure.error)
        // Without --json, `report` has printed each failure when it occurred.
        if json.enabled { StandardError.report(summary.failures.map(\.text).joined(separator: "\n"), status) }
        throw status
      }
      if !summary.matches { throw ExitStatus.mismatch }
    }
  }

  /// Finds the runs before the first verification, so that a wrong reference is reported at once.
  private func selection(in registry: Registry) throws -> RunSelection {
    if let since { return .since(since.date, label: since.text) }
    return all ? .all : .runs(try references.map { try registry.run($0) })
  }

  private func verify(_ run: Run, against file: String, in registry: Registry) throws {
    let progress = ProgressBar("verifying \(run.reference)")
    let result = try registry.verify(
      run, against: file, options: comparison.options(), threads: threads.threads, progress: progress.update)
    for warning in result.coverage?.warnings ?? [] { printError("warning: \(warning)") }
    if !json.enabled { try emit(result.text) }
    var summary = VerificationSummary(result)
    do { try registry.record(result) } catch { printError("note: \(summary.addWarning(notRecorded: run, error))") }
    if json.enabled { try emit(summary.json) }
    if !result.matches { throw ExitStatus.mismatch }
  }

  private func report(_ event: VerificationEvent) throws {
    switch event {
    case .started: break
    case .failed(let failure): printError("error: \(failure.text)")
    case .notRecorded(let warning): printError("note: \(warning)")
    case .resumed(let count, let failed):
      try emitText("resuming after \(counted(count, "verified run")), \(failed) of which did not match")
    case .finished(let result):
      if !isPass || verbose {
        try emitText(result.text)
      } else if !result.matches {
        try emitText(result.line)
      }
    case .skipped(let run):
      if !isPass || verbose { try emitText("\(run.reference)  skipped: recipe-only, no stored bytes") }
    }
  }

  /// Prints a line for people, which a program that reads JSON does not get.
  private func emitText(_ text: String) throws { if !json.enabled { try emit(text) } }

}

extension VerificationSummary {
  /// How many runs match, and which do not: `4,998 ok, 2 mismatches: a:v1, b:v2`.
  fileprivate var text: String {
    let mismatches = failedBefore.map(\.reference) + results.filter { !$0.matches }.map(\.run.reference)
    let matching = results.count(where: \.matches) + resumedAfter - failedBefore.count
    var parts = ["\(grouped(matching)) ok"]
    if !skipped.isEmpty { parts.append("\(grouped(skipped.count)) skipped (recipe-only)") }
    if !mismatches.isEmpty {
      parts.append("\(grouped(mismatches.count)) mismatch\(mismatches.count == 1 ? "" : "es"): \(shown(mismatches))")
    }
    if !failures.isEmpty {
      parts.append("\(grouped(failures.count)) unreadable: \(shown(failures.map(\.run.reference)))")
    }
    return parts.joined(separator: ", ")
  }

  private func shown(_ references: [String]) -> String {
    references.prefix(20).joined(separator: ", ")
      + (references.count > 20 ? ", and \(grouped(references.count - 20)) more" : "")
  }
}

extension Verification {
  /// The first finding on one line.
  fileprivate var line: String {
    let first = findings.first.map { finding in
      "\(finding.kind.rawValue): " + (finding.tensor.map { "`\($0)`: " } ?? "") + finding.message
    }
    let more = findings.count > 1 ? " (and \(counted(findings.count - 1, "finding")) more)" : ""
    return "\(run.reference)  MISMATCH  \((first ?? "").replacingOccurrences(of: "\n", with: " "))\(more)"
  }

  fileprivate var text: String {
    let subject = run.reference + (against.map { " against \($0)" } ?? "")
    var lines = [
      "\(subject)  \(matches ? "ok" : "MISMATCH")  (\(humanBytes(byteCount)) in \(humanDuration(duration)))"
    ]
    lines.append("  level        \(scope)")
    if let coverage {
      lines.append(
        "  compared     \(counted(coverage.comparedTensors, "tensor")), \(counted(fileChunks, "chunk")) of the file")
      lines += coverage.lines
    } else {
      if storedChunks > 0 { lines.append("  stored       \(counted(storedChunks, "chunk")) read and hashed") }
      if regeneratedChunks > 0 {
        lines.append("  regenerated  \(counted(regeneratedChunks, "chunk")) filled and hashed")
      }
    }
    for note in notes.prefix(Verification.maximumShown) { lines.append("  note: `\(note.tensor)`: \(note.message)") }
    if notes.count > Verification.maximumShown {
      lines.append("  … and \(notes.count - Verification.maximumShown) more notes; --json lists all")
    }
    for finding in findings.prefix(Verification.maximumShown) {
      lines.append(
        "  \(finding.kind.rawValue): " + (finding.tensor.map { "`\($0)`: " } ?? "") + finding.message)
      if let cause = finding.likelyCause { lines.append("      likely cause: \(cause)") }
    }
    if findings.count > Verification.maximumShown {
      lines.append("  … and \(findings.count - Verification.maximumShown) more; --json lists all")
    }
    return lines.joined(separator: "\n")
  }

  private static let maximumShown = 20
}

extension Verification.Coverage {
  /// What was compared after rounding, and what was not compared.
  fileprivate var lines: [String] {
    var lines = casts.map {
      "  cast         \(counted($0.tensors, "tensor")): \($0.from.rawValue) rounded to \($0.to.rawValue)"
    }
    if !tied.isEmpty {
      let texts = tied.map { "`\($0.name)` as `\($0.heldAs)`" }
      lines.append("  tied         \(counted(tied.count, "tensor")) in the file under another name: \(shown(texts))")
    }
    if !absent.isEmpty {
      lines.append("  absent       \(counted(absent.count, "tensor")) of the run: \(shown(absent.map { "`\($0)`" }))")
    }
    if !skipped.isEmpty {
      lines.append(
        "  skipped      \(counted(skipped.count, "tensor")) of the file, which the spec skips: \(shown(skipped.map { "`\($0)`" }))"
      )
    }
    return lines
  }

  private func shown(_ texts: [String]) -> String {
    texts.prefix(5).joined(separator: ", ") + (texts.count > 5 ? ", …; --json lists all" : "")
  }
}
