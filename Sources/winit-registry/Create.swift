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

      SCHEMES
        zeros, ones, constant     value
        normal                    mean 0, std 0.01
        uniform                   low, high; ±1/√fan_in if not given
        truncated_normal          mean 0, std 0.01, cut at low -2, high 2 (in std)
        xavier_uniform, _normal   activation or gain (1); alias glorot_
        he_uniform, _normal       mode, activation (relu) or gain; alias kaiming_
        lecun_uniform, _normal    mode, activation or gain (1)
        auto                      activation; picks xavier_uniform or he_normal
        skip                      leaves a tensor of `like` out
        mode: fan_in, fan_out or fan_avg; activation: linear, sigmoid, tanh,
        softmax, relu, leaky_relu(slope) or selu
      """)

  @Argument(help: "The run's name: letters, digits, `.`, `_`, `/` and `-`.")
  var name: String

  @Option(parsing: .unconditional, help: ArgumentHelp("The spec.", valueName: "file"))
  var spec: String

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

  @OptionGroup var threads: ThreadsOption
  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func validate() throws {
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
      let plan = try ModelSpec(contentsOf: spec).plan(dtype: options.dtype, like: like)
      for warning in plan.warnings { printError("warning: \(warning)") }
      try Registry.check(name, plan)
      let progress = ProgressBar(recipeOnly ? "hashing" : "filling")
      let receipt = try Registry(openingOrCreating: registry.path)
        .create(name, plan: plan, seed: seed, options: options, progress: progress.update)
      try emit(json.enabled ? receipt.json.pretty : receipt.text)
    }
  }
}

extension CreateReceipt {
  fileprivate var json: JSONValue {
    var members = run.json.objectValue ?? []
    members += [
      .init("stored_bytes", .integer(storedBytes)), .init("shared_bytes", .integer(sharedBytes)),
      .init("seconds", .number(duration / .seconds(1))),
      .init("warnings", .array(warnings.map { .string($0.description) })),
    ]
    return .object(members)
  }

  fileprivate var text: String {
    let kept =
      run.isStored
      ? "\(humanBytes(storedBytes)) in new chunks"
        + (sharedBytes > 0 ? ", \(humanBytes(sharedBytes)) shared" : "")
      : "recipe and digests only"
    return "created \(run.reference)\n"
      + table(run.facts + [["  stored", kept], ["  time", humanDuration(duration)]])
  }
}
