// create: a spec and a seed become a run.

import ArgumentParser
import Foundation
import WinitRegistry

struct Create: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Initialize a model and record it.",
    discussion: """
      Fills every tensor that the spec describes, hashes it, and records recipe, digests and bytes as the next version \
      of NAME. The registry is made if there is none.

      The spec is YAML; docs/spec.md describes it, specs/ has some to start from:

        dtype: float32
        layout: torch             # [out, in, …]; keras is […, in, out]
        tensors:                  # or `like: model.safetensors`
          fc.weight: [1000, 2048]
          fc.bias: {shape: [1000], init: zeros}
        rules:                    # the first match wins; * crosses dots
          - {match: "*.weight", init: {scheme: he_normal, mode: fan_out}}

      Instead of a spec, --preset names the rules of a library's own initialization, for the tensors of --like:

        winit-registry create gpt2 --preset gpt2 --like model.safetensors --seed 1

      `schemes` lists the schemes and their parameters, `preset` the presets.
      """)

  @Argument(help: "The run's name: letters, digits, `.`, `_`, `/` and `-`.")
  var name: String

  @Option(parsing: .unconditional, help: ArgumentHelp("The spec.", valueName: "file"))
  var spec: String?

  @Option(
    help: ArgumentHelp(
      "A preset in the spec's place; needs --like. `preset list` has them.", valueName: "name"))
  var preset: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Take names, shapes and dtypes from a .safetensors file or a sharded checkpoint's index; only headers are read.",
      valueName: "file"))
  var like: String?

  @Option(help: ArgumentHelp("Any 64-bit unsigned integer.", valueName: "n"))
  var seed: UInt64

  @Option(
    help: ArgumentHelp(
      "The dtype of floating-point tensors, for those that the spec does not give one.", valueName: "dtype"))
  var dtype: String?

  @Flag(help: "Record recipe and digests without the bytes: kilobytes, and `get` fills them again.")
  var recipeOnly = false

  @OptionGroup var facts: MetadataOptions
  @OptionGroup var threads: ThreadsOption
  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func validate() throws {
    switch (spec, preset) {
    case (nil, nil):
      throw ValidationError("give the model's spec: --spec FILE, or --preset NAME with --like FILE")
    case (_?, _?):
      throw ValidationError(
        "give one of --spec and --preset; a spec can name a preset itself: `preset: NAME`")
    case (nil, _?) where like == nil:
      throw ValidationError(
        "--preset has rules and no tensors; give the checkpoint that has them: --like FILE")
    default: break
    }
    if let dtype, DType(parsing: dtype)?.isFloatingPoint != true {
      throw ValidationError("--dtype \(dtype) is not float64, float32, float16 or bfloat16")
    }
  }

  func run() throws {
    try reportingErrors {
      var options = CreateOptions()
      options.dtype = dtype.flatMap(DType.init(parsing:))
      options.like = like
      options.recipeOnly = recipeOnly
      options.threads = threads.threads
      let spec = try spec.map { try ModelSpec(contentsOf: $0) } ?? ModelSpec(preset: preset ?? "")
      let plan = try spec.plan(dtype: options.dtype, like: like)
      for warning in plan.warnings { printError("warning: \(warning)") }
      try Registry.check(name, plan)
      let progress = ProgressBar(recipeOnly ? "hashing" : "filling")
      let registry = try facts.open(registry)
      try facts.add(to: &options, registry)
      let receipt = try registry.create(
        name, plan: plan, seed: seed, options: options, progress: progress.update)
      try emit(json.enabled ? receipt.json.pretty : receipt.text("created"))
    }
  }
}

extension CreateReceipt {
  var json: JSONValue {
    var members = run.json.objectValue ?? []
    members += [
      .init("stored_bytes", .integer(storedBytes)), .init("shared_bytes", .integer(sharedBytes)),
      .init("seconds", .number(duration / .seconds(1))),
      .init("warnings", .array(warnings.map { .string($0.description) })),
    ]
    return .object(members)
  }

  func text(_ verb: String) -> String {
    let kept =
      run.isStored
      ? "\(humanBytes(storedBytes)) in new chunks"
        + (sharedBytes > 0 ? ", \(humanBytes(sharedBytes)) shared" : "")
      : storedBytes + sharedBytes == 0
        ? "recipe and digests only"
        : "recipe, digests, and \(humanBytes(storedBytes + sharedBytes)) of literals"
    return "\(verb) \(run.reference)\n"
      + table(run.facts + [["  stored", kept], ["  time", humanDuration(duration)]])
  }
}
