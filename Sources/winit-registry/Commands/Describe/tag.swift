// tag: set or remove tags, experiment and parent of a run.

import ArgumentParser
import WinitRegistry

struct TagCommand: JSONCommand {
  static let configuration = CommandConfiguration(
    name: "tag",
    abstract: "Set or remove tags, the experiment or the parent of a run.",
    discussion: """
      Metadata is not part of the id of a run, so changing it does not change the id.

        winit-registry tag gpt2:v3 optimizer=adamw lr=3e-4 --remove old
        winit-registry tag gpt2:v3 --experiment lr-sweep --parent gpt2:v1
      """)

  @Argument(help: "The run, such as gpt2:v3.", completion: .runs) var reference: String

  @Argument(
    help: ArgumentHelp(
      "Tags to set, such as optimizer=adamw. Replaces the value of a key that the run has.", valueName: "key=value"))
  var tags: [String] = []

  @Option(
    name: .customLong("remove"), parsing: .singleValue,
    help: ArgumentHelp(
      "Remove the tag with this key, which the run must have. Repeat the option for more tags.", valueName: "key"),
    completion: .tagKeys)
  var removed: [String] = []

  @Option(
    help: ArgumentHelp("The experiment that the run belongs to, such as lr-sweep; '' for none.", valueName: "name"),
    completion: .experiments)
  var experiment: String?

  @Option(
    help: ArgumentHelp(
      "The run that this run is derived from, such as gpt2:v1. Replaces the parent.", valueName: "run"),
    completion: .runs
  )
  var parent: String?

  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func validate() throws {
    if tags.isEmpty, removed.isEmpty, experiment == nil, parent == nil {
      throw ValidationError("there is nothing to change. Give KEY=VALUE, --remove, --experiment or --parent")
    }
    for tag in tags { try asUsage { try Run.Tag(parsing: tag) } }
  }

  func run() throws {
    try reportingErrors {
      let registry = try registry.open()
      var update = RunMetadataUpdate()
      update.tags = try tags.map(Run.Tag.init(parsing:))
      update.tagKeysToRemove = removed
      update.experiment = experiment
      update.parent = try parent.map { try registry.run(toChange: $0) }
      let run = try registry.update(try registry.run(toChange: reference), update)
      try emit(json.enabled ? run.json : run.metadataText(in: registry))
    }
  }
}
