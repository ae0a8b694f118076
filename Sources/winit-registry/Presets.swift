// preset: the rules of a library's own initialization.

import ArgumentParser
import WinitRegistry

struct Presets: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "preset", abstract: "List the presets, or print one as a spec to copy and edit.",
    subcommands: [PresetList.self, PresetShow.self], defaultSubcommand: PresetList.self)
}

struct PresetList: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List the presets.")

  @OptionGroup var json: JSONFlag

  func run() throws {
    try reportingErrors {
      let names = ModelSpec.presetNames
      let list: JSONValue = ["presets": .array(names.map { .string($0) })]
      try emit(json.enabled ? list.pretty : names.joined(separator: "\n"))
    }
  }
}

struct PresetShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Print a preset: a spec's rules, each with its source.")

  @Argument(help: "The preset.")
  var name: String

  func run() throws {
    try reportingErrors { try emit(ModelSpec.presetText(name), terminator: "") }
  }
}
