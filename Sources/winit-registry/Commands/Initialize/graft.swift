// graft: record a run of the tensors of two runs.

import ArgumentParser
import WinitRegistry

struct GraftCommand: JSONCommand {
  static let configuration = CommandConfiguration(
    name: "graft", abstract: "Record a run that takes some of its tensors from another run.",
    discussion: """
      The new run has the tensors of RUN, and those of DONOR where the name matches --take. No weights are copied: both \
      runs' recipes, literals and stored bytes are shared. The new run has the seed of RUN, and each tensor that was taken \
      keeps the seed of DONOR. Its bytes are stored if those of both runs are; otherwise it is recipe-only, and \
      `materialize` stores its bytes.

      A tensor that is tied to another, or is the norm of another, must be taken together with that tensor.

        winit-registry graft gpt2:v1 gpt2:v2 --take 'h.3.*' --as gpt2-block3
      """)

  @Argument(
    help: ArgumentHelp("The run whose tensors the new run has, such as gpt2:v1.", valueName: "run"), completion: .runs)
  var base: String

  @Argument(help: ArgumentHelp("The run to take tensors from, such as gpt2:v2.", valueName: "donor"), completion: .runs)
  var donor: String

  @Option(
    name: .customLong("take"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "The names of the tensors to take from DONOR; `*` matches any characters, dots included. Required; repeat the option for more patterns.",
      valueName: "pattern"), completion: .tensors)
  var patterns: [String] = []

  @Option(
    name: .customLong("as"), help: ArgumentHelp("The name of the new run.", valueName: "name"), completion: .runNames)
  var name: String

  @OptionGroup var metadata: MetadataOptions
  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func validate() throws {
    if patterns.isEmpty { throw ValidationError("say which tensors to take from \(donor): --take PATTERN") }
  }

  func run() throws {
    try reportingErrors {
      let registry = try registry.open()
      var options = CreateOptions()
      try metadata.add(to: &options, registry)
      let receipt = try registry.graft(
        registry.run(base), with: registry.run(donor), taking: patterns, as: name, options: options)
      for warning in receipt.warnings { printError("warning: \(warning)") }
      try emit(json.enabled ? receipt.json : receipt.text("grafted"))
    }
  }
}
