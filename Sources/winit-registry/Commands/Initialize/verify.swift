// verify: check runs against their digests, or a checkpoint against a run.

import ArgumentParser
import Foundation
import WinitRegistry

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Verify runs, or a checkpoint against a run.",
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
      --since) can be interrupted, and continued with --resume.

      Exits with 0 if everything matches, and with 1 if anything does not match.

        winit-registry verify gpt2
        winit-registry verify gpt2 --against gpt2.safetensors
        winit-registry verify gpt2 --against stage-1.safetensors --subset
        winit-registry verify gpt2 --against gpt2-bf16.safetensors --cast
        winit-registry verify --all --sample 1000
      """)

  @Argument(help: "The runs, such as gpt2, gpt2:v2 or sha256:e6dc291b.")
  var references: [String] = []

  @Flag(help: "Verify every run of the registry.")
  var all = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      """
      Verify every run created at this time or later: a date (2026-11-24), a date and a time in UTC (2026-11-24T10:00), or \
      an age (7d, 12h, 2w).
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

  @Flag(help: "Verify only the stored bytes; do not regenerate. Skips recipe-only runs with --all and --since.")
  var stored = false

  @Flag(help: "Verify only the regeneration; read stored bytes only of literals, which have no recipe.")
  var regenerate = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Compare this checkpoint with one run: a .safetensors file, the index (.json) of a sharded one, or a folder.",
      valueName: "file"))
  var against: String?

  @OptionGroup var comparison: ComparisonOptionGroup

  @OptionGroup var threads: ThreadsOption
  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  private var isPass: Bool { all || since != nil }

  func validate() throws {
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
      var progress: ProgressBar?
      let summary = try registry.verify(
        selection(in: registry), level: level, sample: sample, resuming: resume, threads: threads.threads,
        progress: { try progress?.update($0, $1) }
      ) { event in
        if case .started(let run) = event {
          progress = ProgressBar("verifying \(run.reference)")
        } else {
          progress = nil
        }
        try report(event)
      }
      if json.enabled {
        try emit(summary.json)
      } else if summary.selectedCount == 0, summary.resumedAfter == 0 {
        try emit(since.map { "no runs were created since \($0.text)" } ?? "the registry has no runs")
      } else if !summary.failedBefore.isEmpty {
        try emit("mismatches before the interruption: \(summary.failedBefore.map(\.reference).joined(separator: ", "))")
      }
      if let failure = summary.failures.first { throw ExitStatus.of(failure.error) }
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
    do { try registry.record(result) } catch { reportNotRecorded(run, error) }
    if json.enabled { try emit(VerificationSummary(result).json) }
    if !result.matches { throw ExitStatus.mismatch }
  }

  private func report(_ event: VerificationEvent) throws {
    switch event {
    case .started: break
    case .failed(let failure): printError("error: \(failure.run.reference): \(failure.error)")
    case .notRecorded(let run, let error): reportNotRecorded(run, error)
    case .resumed(let count, let failed):
      try emitText("resuming after \(counted(count, "verified run")), \(failed) of which did not match")
    case .finished(let result): try emitText(result.text)
    case .skipped(let run): try emitText("\(run.reference)  skipped: recipe-only, no stored bytes")
    }
  }

  /// Prints a line for people, which a program that reads JSON does not get.
  private func emitText(_ text: String) throws { if !json.enabled { try emit(text) } }

  private func reportNotRecorded(_ run: Run, _ error: any Error) {
    printError("note: the result for \(run.reference) was not recorded in the history: \(error)")
  }
}

extension Verification {
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
