// The options that set the metadata of a new run.

import ArgumentParser
import WinitJSON
import WinitRegistry

/// The metadata of a new run, and whether the environment is recorded.
struct MetadataOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("The experiment that the run belongs to, such as lr-sweep. (default: none)", valueName: "name"),
    completion: .experiments)
  var experiment: String?

  @Option(
    name: .customLong("tag"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "A tag, such as optimizer=adamw. Repeat the option for more tags. (default: none)", valueName: "key=value"))
  var tags: [String] = []

  @Option(parsing: .unconditional, help: ArgumentHelp("A note, free text. (default: none)", valueName: "text"))
  var note: String?

  @Option(
    help: ArgumentHelp(
      "The run that the new run is derived from, such as gpt2:v1; it must be in the registry. (default: none)",
      valueName: "run"), completion: .runs)
  var parent: String?

  @Option(
    name: .customLong("software"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      """
      A library or a program that made the model, and its version, such as torch=2.9.0; recorded with the environment. \
      Repeat the option for more. (default: none)
      """, valueName: "name=version"))
  var software: [String] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      """
      The class of the model, such as transformers.GPT2LMHeadModel; recorded with the environment. (default: none)
      """, valueName: "class"))
  var modelClass: String?

  @Flag(
    name: .customLong("no-capture"),
    help:
      "Do not record the environment (machine, user, folder and git checkout), neither in the run nor in the history.")
  var noCapture = false

  func validate() throws {
    for tag in tags { try asUsage { try Run.Tag(parsing: tag) } }
    var options = CreateOptions()
    try addEnvironment(to: &options)
    try asUsage { try options.checkEnvironment() }
  }

  private func addEnvironment(to options: inout CreateOptions) throws {
    options.software = Dictionary(try software.map(namedVersion)) { $1 }
    options.modelClass = modelClass
    options.recordsEnvironment = !noCapture
  }

  /// Reads `NAME=VERSION`.
  private func namedVersion(_ text: String) throws -> (String, String) {
    guard let mark = text.firstIndex(of: "=") else {
      throw ValidationError("--software is \(quoted: text); expected NAME=VERSION, such as torch=2.9.0")
    }
    return (String(text[..<mark]), String(text[text.index(after: mark)...]))
  }

  /// Opens the registry. If the file does not exist and no parent is given, the first create or import creates it. (A
  /// parent is a run of an existing registry.)
  func open(_ option: RegistryOption, _ sharing: SharingOption) throws -> Registry {
    if parent != nil { _ = try option.open() }
    return RegistryOption.keepOpen(try Registry(openingOrCreating: option.path, isShared: sharing.isShared))
  }

  /// Sets the metadata in the options of a create. Finds the parent in the registry.
  func add(to options: inout CreateOptions, _ registry: Registry) throws {
    options.experiment = experiment.flatMap { $0.isEmpty ? nil : $0 }
    options.tags = try tags.map(Run.Tag.init(parsing:))
    options.note = note ?? ""
    options.parent = try parent.map { try registry.run(toChange: $0) }
    try addEnvironment(to: &options)
  }
}
