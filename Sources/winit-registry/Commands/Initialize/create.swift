// create: initialize a model from a spec and a seed.

import ArgumentParser
import Foundation
import WinitRegistry

struct CreateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Initialize a model from a spec and a seed, and record it as a run.",
    discussion: """
      Fills every tensor that the spec describes, computes the digests, and records the run as the next version of NAME. \
      The run appears when it is complete; a create that fails or is interrupted is rolled back. Creates the registry file \
      if it does not exist.

      The spec is a YAML file. docs/spec.md is the reference; specs/ has examples:

        dtype: float32
        layout: torch             # a weight is [out, in, …]; keras: […, in, out]
        tensors:                  # or `like: model.safetensors`
          fc.weight: [1000, 2048]
          fc.bias: {shape: [1000], init: zeros}
        rules:                    # the first match decides; * also matches dots
          - {match: "*.weight", init: {scheme: he_normal, mode: fan_out}}

      A preset is the initialization of a library. With --preset, no spec is needed; the tensors are those of --like:

        winit-registry create gpt2 --preset gpt2 --like model.safetensors --seed 1

      The prefix of a wrapper, such as module. or _orig_mod., does not matter: the preset finds it. Options say what the \
      names do not show, such as --preset-option tied=true; a file config.json beside --like sets them too.

      `schemes` lists the schemes and their parameters, `preset` the presets.
      """)

  @Argument(help: "The name of the run, such as gpt2: letters, digits, `.`, `_`, `/` and `-`.")
  var name: String

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The spec, a YAML file. Either --spec or --preset is required.", valueName: "file"))
  var spec: String?

  @Option(
    help: ArgumentHelp(
      "The preset to use instead of a spec; requires --like. `preset list` lists the names.", valueName: "name"))
  var preset: String?

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      """
      An option of the preset, such as tied=true; can be repeated. Replaces the same option in the spec. `preset options` \
      lists the options of a preset. (default: that of config.json beside --like, else of the preset)
      """, valueName: "name=value"))
  var presetOption: [String] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      """
      The checkpoint to take names, shapes and dtypes from: a .safetensors file, the index (.json) of a sharded one, or a \
      folder. Replaces `like` of the spec. (default: `like` of the spec)
      """,
      valueName: "file"))
  var like: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The seed (required), an unsigned 64-bit integer: 0 to 18446744073709551615.", valueName: "n"),
    transform: seedValue)
  var seed: UInt64

  @Option(
    help: ArgumentHelp(
      """
      The dtype of floating-point tensors: float64, float32, float16 or bfloat16. Replaces the dtype of the spec and of \
      --like; a tensor with a dtype of its own in the spec keeps it. (default: the dtype of --like, else of the spec)
      """, valueName: "dtype"))
  var dtype: String?

  @Flag(
    help: "Record the recipe and the digests, but do not store the weights: `get` regenerates the weights.")
  var recipeOnly = false

  @OptionGroup var metadata: MetadataOptions
  @OptionGroup var threads: ThreadsOption
  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func validate() throws {
    switch (spec, preset) {
    case (nil, nil):
      throw ValidationError("give the spec of the model: --spec FILE, or --preset NAME with --like FILE")
    case (_?, _?):
      throw ValidationError("give one of --spec and --preset; a spec can name a preset itself: `preset: NAME`")
    case (nil, _?) where like == nil:
      throw ValidationError("--preset needs the checkpoint that has the tensors: --like FILE")
    default: break
    }
    for text in presetOption { _ = try presetSetting(text) }
    if let dtype, DType(parsing: dtype)?.isFloatingPoint != true {
      throw ValidationError("--dtype is `\(dtype)`; expected float64, float32, float16 or bfloat16")
    }
  }

  func run() throws {
    try reportingErrors {
      var options = CreateOptions()
      options.dtype = dtype.flatMap(DType.init(parsing:))
      options.like = like
      options.recipeOnly = recipeOnly
      options.threads = threads.threads
      let spec = try (spec.map { try ModelSpec(contentsOf: $0) } ?? ModelSpec(preset: preset ?? ""))
        .setting(presetOption.map(presetSetting))
      // A spec with errors is refused before the registry is opened, because opening may update the schema of the file.
      let plan = try spec.plan(dtype: options.dtype, like: options.like)
      let progress = ProgressBar(recipeOnly ? "hashing" : "filling")
      let registry = try metadata.open(registry)
      try metadata.add(to: &options, registry)
      let receipt = try registry.create(
        name, spec: spec, planned: plan, seed: seed, options: options, progress: progress.update
      ) { printError("warning: \($0)") }
      try emit(json.enabled ? receipt.json : receipt.text("created"))
    }
  }
}
