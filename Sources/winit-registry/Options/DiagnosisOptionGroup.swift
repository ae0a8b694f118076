// The options of a diagnosis: what it computes, and the spec that it compares with.

import ArgumentParser
import WinitDiagnosis
import WinitJSON
import WinitRegistry

/// What a diagnosis computes.
struct DiagnosisOptionGroup: ParsableArguments {
  @Flag(help: "Compute the largest singular value of each weight beside the Marchenko–Pastur edge; takes longer.")
  var spectrum = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The number of samples of the pass through a chain of dense layers, 64 or more. (default: 256)", valueName: "n"),
    transform: integer(atLeast: 64))
  var batch = 256

  func options(_ threads: ThreadsOption) -> DiagnosisOptions {
    var options = DiagnosisOptions()
    (options.hasSpectrum, options.batch, options.threads) = (spectrum, batch, threads.threads)
    return options
  }
}

/// The spec that a diagnosis fills, or compares a checkpoint with.
struct DiagnosisSpecOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The spec to fill, or to compare the checkpoint with: a YAML file.", valueName: "file"),
    completion: .specs)
  var spec: String?

  @Option(
    help: ArgumentHelp(
      "The preset to fill, or to compare the checkpoint with, instead of a spec. `preset list` lists the names.",
      valueName: "name"), completion: .presets)
  var preset: String?

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp("An option of the preset, such as tied=true; can be repeated.", valueName: "name=value"),
    completion: .presetOptions)
  var presetOption: [String] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Without SOURCE, the checkpoint to take names, shapes and dtypes from. (default: `like` of the spec)",
      valueName: "file"), completion: .checkpoints)
  var like: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Without SOURCE, the seed to fill the spec with. (default: 0)", valueName: "n"),
    transform: seedValue)
  var seed: UInt64?

  @Option(
    help: ArgumentHelp(
      """
      The layout of the weights of a checkpoint that no spec describes: torch for [out, in, …], keras for […, in, out]. \
      (default: torch, and a note says so)
      """, valueName: "layout"))
  var layout: LayoutWord?

  var isEmpty: Bool { spec == nil && preset == nil }

  func check(hasSource: Bool) throws {
    try refuseStandardInput(like, "--like -", "a checkpoint")
    if spec != nil, preset != nil {
      throw ValidationError("give one of --spec and --preset; a spec can name a preset itself: `preset: NAME`")
    }
    if isEmpty, !presetOption.isEmpty { throw ValidationError("--preset-option needs --preset or --spec") }
    if hasSource, like != nil {
      throw ValidationError("--like is the checkpoint of a spec without SOURCE; leave it out")
    }
    if hasSource, seed != nil { throw ValidationError("--seed fills a spec, and SOURCE has its weights already") }
    if !hasSource, layout != nil {
      throw ValidationError("--layout is about a checkpoint; a spec has a layout of its own")
    }
    if !hasSource, preset != nil, like == nil {
      throw ValidationError("--preset needs the checkpoint that has the tensors: --like FILE")
    }
    for text in presetOption { _ = try presetSetting(text) }
  }

  private func modelSpec() throws -> ModelSpec {
    try
      (spec.map { try $0 == "-" ? ModelSpec(standardInput: ()) : ModelSpec(contentsOf: $0) }
      ?? ModelSpec(preset: preset ?? ""))
      .setting(presetOption.map(presetSetting))
  }

  /// Diagnoses the spec.
  func diagnosis(_ options: DiagnosisOptions, progress: @escaping ProgressHandler) throws -> Diagnosis {
    try modelSpec().diagnose(seed: seed ?? 0, like: like, options: options, progress: progress)
  }

  /// Diagnoses a checkpoint.
  func diagnosis(
    ofCheckpoint path: String, _ options: DiagnosisOptions, progress: @escaping ProgressHandler
  ) throws -> Diagnosis {
    try Diagnosis.ofCheckpoint(
      path, spec: isEmpty ? nil : modelSpec(), usesKerasLayout: layout.map { $0 == .keras }, options: options,
      progress: progress)
  }
}
