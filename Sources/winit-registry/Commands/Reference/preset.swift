// preset: list the presets, and print one as a spec.

import ArgumentParser
import WinitRegistry

struct PresetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "preset", abstract: "List the presets, or print a preset as a spec.",
    discussion: """
      A preset holds the rules by which a library initializes a family of models. `create --preset` uses a preset; a spec \
      can include one with `preset: NAME`.
      """,
    subcommands: [PresetListCommand.self, PresetShowCommand.self, PresetOptionsCommand.self],
    defaultSubcommand: PresetListCommand.self)
}

struct PresetListCommand: JSONCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List the names of the presets.")

  @OptionGroup var json: JSONFlag

  func run() throws {
    try reportingErrors {
      let names = ModelSpec.presetNames
      try emit(json.enabled ? PresetListReport(names: names).json : names.joined(separator: "\n"))
    }
  }
}

struct PresetShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Print a preset as a spec to copy and edit, with the source of each rule.")

  @Argument(help: "The preset, such as gpt2. `preset list` lists the names.", completion: .presets)
  var name: String

  func run() throws {
    try reportingErrors { try emit(ModelSpec.presetText(name), terminator: "") }
  }
}

struct PresetOptionsCommand: JSONCommand {
  static let configuration = CommandConfiguration(
    commandName: "options", abstract: "List the options of a preset.",
    discussion: """
      `create --preset-option NAME=VALUE` sets an option, as does `preset: {name: PRESET, NAME: VALUE}` in a spec. An \
      option that is not set has the value of its key in the file config.json beside the checkpoint, or else its default.

      In a narrow terminal long cells are wrapped, then columns are left out: TYPE, CONFIG.JSON, DEFAULT.
      """)

  @Argument(help: "The preset, such as llama. `preset list` lists the names.", completion: .presets)
  var name: String

  @OptionGroup var tableOptions: TableOptions
  @OptionGroup var json: JSONFlag

  func validate() throws { try tableOptions.check(json) }

  func run() throws {
    try reportingErrors {
      let report = try PresetOptionsReport(name)
      let rows = report.options.map {
        [$0.name, $0.kind, $0.fallback, $0.configurationKey ?? "–", $0.about]
      }
      let columns = [
        Table.Column("OPTION", .key), Table.Column("TYPE"), Table.Column("DEFAULT", .wrap(to: 8)),
        Table.Column("CONFIG.JSON", .wrap(to: 12)), Table.Column("MEANING", .wrap(to: 16)),
      ]
      let table = Table(
        columns, rows, omitted: ["TYPE", "CONFIG.JSON", "DEFAULT"], hasHeader: !tableOptions.noHeader)
      let text = rows.isEmpty ? "preset \(name) has no options" : table.text
      try emit(json.enabled ? report.json : text)
    }
  }
}
