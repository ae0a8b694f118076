// tag, note: what is said about a run.

import ArgumentParser
import WinitRegistry

struct TagRun: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tag",
    abstract: "Set or take off tags, the experiment or the parent of a run.",
    discussion: """
        winit-registry tag gpt2:v3 optimizer=adamw lr=3e-4 --remove old
        winit-registry tag gpt2:v3 --experiment lr-sweep --parent gpt2:v1

      None of it is part of the run's id.
      """)

  @Argument(help: "The run.") var reference: String
  @Argument(help: ArgumentHelp("Tags, KEY=VALUE.", valueName: "tag")) var tags: [String] = []

  @Option(
    name: .customLong("remove"), parsing: .singleValue,
    help: ArgumentHelp("Take this tag off; may be given several times.", valueName: "key"))
  var removed: [String] = []

  @Option(help: ArgumentHelp("The experiment it belongs to; '' for none.", valueName: "name"))
  var experiment: String?

  @Option(help: ArgumentHelp("The run it comes from.", valueName: "run"))
  var parent: String?

  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func validate() throws {
    if tags.isEmpty, removed.isEmpty, experiment == nil, parent == nil {
      throw ValidationError("give something to set: KEY=VALUE, --remove, --experiment or --parent")
    }
    for tag in tags { try asUsage { try RunMetadataUpdate.tag(parsing: tag) } }
  }

  func run() throws {
    try reportingErrors {
      let registry = try registry.open()
      var facts = RunMetadataUpdate()
      facts.tags = try tags.map { try RunMetadataUpdate.tag(parsing: $0) }
      facts.tagsToRemove = removed
      facts.experiment = experiment
      facts.parent = try parent.map { try registry.run($0) }
      let run = try registry.change(try registry.run(reference), facts)
      try emit(json.enabled ? run.json.pretty : run.saidText)
    }
  }
}

struct Note: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a note about a run, in place of the one there.")

  @Argument(help: "The run.") var reference: String
  @Argument(help: "The note; '' for none.") var text: String
  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func run() throws {
    try reportingErrors {
      let registry = try registry.open()
      var facts = RunMetadataUpdate()
      facts.note = text
      let run = try registry.change(try registry.run(reference), facts)
      try emit(json.enabled ? run.json.pretty : run.saidText)
    }
  }
}

extension Run {
  /// What is said about it.
  fileprivate var saidText: String {
    var rows: [[String]] = []
    if let experiment { rows.append(["  experiment", experiment]) }
    if !tags.isEmpty { rows.append(["  tags", tagsText]) }
    if !note.isEmpty { rows.append(["  note", note]) }
    if let parent { rows.append(["  parent", parent]) }
    return ([reference] + (rows.isEmpty ? [] : [table(rows)])).joined(separator: "\n")
  }
}
