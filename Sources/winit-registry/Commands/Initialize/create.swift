// create: initialize a model from a spec and a seed.

import ArgumentParser
import Foundation
import WinitJSON
import WinitRegistry

struct CreateCommand: JSONCommand {
  static let configuration = CommandConfiguration(
    name: "create", abstract: "Initialize a model from a spec and a seed, and record it as a run.",
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

      --dry-run shows what the spec resolves to, to review it: each tensor with its law and the numbers of the law, the \
      fans and the rule that gave them, the options that a preset assumes, sizes and warnings. It fills no tensor and \
      does not look at the registry, so it shows no id (`create --recipe-only` computes it), does not check --parent, \
      and does not find elements without a value.

        winit-registry create gpt2 --spec gpt2.yaml --seed 1 --dry-run

      In a terminal its table fits the window: LAW, SCHEME and FROM are shortened, then columns are left out, in this \
      order: SIZE, DTYPE, SCHEME, FROM, FANS, LAW, SHAPE.
      """)

  @Argument(help: "The name of the run, such as gpt2: letters, digits, `.`, `_`, `/` and `-`.", completion: .runNames)
  var name: String

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The spec, a YAML file; `-` for standard input. Either --spec or --preset is required.", valueName: "file"),
    completion: .specs)
  var spec: String?

  @Option(
    help: ArgumentHelp(
      "The preset to use instead of a spec; requires --like. `preset list` lists the names.", valueName: "name"),
    completion: .presets)
  var preset: String?

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      """
      An option of the preset, such as tied=true; can be repeated. Replaces the same option in the spec. `preset options` \
      lists the options of a preset. (default: that of config.json beside --like, else of the preset)
      """, valueName: "name=value"), completion: .presetOptions)
  var presetOption: [String] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      """
      The checkpoint to take names, shapes and dtypes from: a .safetensors file, the index (.json) of a sharded one, or a \
      folder. Replaces `like` of the spec. (default: `like` of the spec)
      """,
      valueName: "file"), completion: .checkpoints)
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
      """, valueName: "dtype"), completion: .floatingPointDTypes)
  var dtype: String?

  @Flag(
    help: "Record the recipe and the digests, but do not store the weights: `get` regenerates the weights.")
  var recipeOnly = false

  @Flag(help: "Show what would be recorded, and record nothing.")
  var dryRun = false

  @OptionGroup var metadata: MetadataOptions
  @OptionGroup var sharing: SharingOption
  @OptionGroup var threads: ThreadsOption
  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func validate() throws {
    try refuseStandardInput(like, "--like -", "a checkpoint")
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
      throw ValidationError("--dtype is \(quoted: dtype); expected float64, float32, float16 or bfloat16")
    }
  }

  func run() throws {
    try reportingErrors {
      var options = CreateOptions()
      options.dtype = dtype.flatMap(DType.init(parsing:))
      options.like = like
      options.recipeOnly = recipeOnly
      options.threads = threads.threads
      let spec = try
        (spec.map { try $0 == "-" ? ModelSpec(standardInput: ()) : ModelSpec(contentsOf: $0) }
        ?? ModelSpec(preset: preset ?? ""))
        .setting(presetOption.map(presetSetting))
      // A spec with errors is refused before the registry is opened, because opening may update the schema of the file.
      let plan = try spec.plan(dtype: options.dtype, like: options.like)
      if dryRun {
        let run = try PlannedRun(name, spec: spec, plan: plan, seed: seed, options: options)
        for warning in run.warnings { printError("warning: \(warning)") }
        try emit(json.enabled ? run.json : run.text)
        return
      }
      let progress = ProgressBar(recipeOnly ? "hashing" : "filling")
      let registry = try metadata.open(registry, sharing)
      try metadata.add(to: &options, registry)
      let receipt = try registry.create(
        name, spec: spec, planned: plan, seed: seed, options: options, progress: progress.update
      ) { printError("warning: \($0)") }
      try emit(json.enabled ? receipt.json : receipt.text("created"))
    }
  }
}

extension PlannedRun {
  fileprivate var text: String {
    let stored =
      isStored
      ? "\(humanBytes(storedBytesMaximum)) at most; chunks that are equal are stored once"
      : storedBytesMaximum == 0
        ? "recipe and digests only" : "recipe, digests, and \(humanBytes(storedBytesMaximum)) of literals"
    let fields =
      [["  spec", spec]] + (like.map { [["  like", $0]] } ?? []) + [
        ["  seed", String(seed)],
        ["  tensors", "\(tensors.count), \(humanCount(parameterCount)) parameters, \(humanBytes(byteCount))"],
        ["  layout", layout],
      ] + (preset?.rows ?? []) + skippedRows(skipped) + [["  stored", stored]]
    let columns = [
      Table.Column("TENSOR", .key), Table.Column("DTYPE"), Table.Column("SHAPE"),
      Table.Column("SIZE", isRightAligned: true), Table.Column("FANS", isOptional: true),
      Table.Column("SCHEME", .shorten(to: 14)), Table.Column("LAW", .shorten(to: 28)),
      Table.Column("FROM", .shorten(to: 12)),
    ]
    let rows = tensors.map {
      [
        $0.printableName, $0.dtype, $0.shapeText, humanBytes($0.byteCount), $0.fansText, $0.schemeLine, $0.lawLine,
        $0.sourceText,
      ]
    }
    let table = Table(columns, rows, omitted: ["SIZE", "DTYPE", "SCHEME", "FROM", "FANS", "LAW", "SHAPE"])
    return """
      would create \(name) (dry run)
      \(Table(fields: fields).text)

      \(table.text)
      """
  }
}
