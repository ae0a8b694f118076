// The commands and their options, as ArgumentParser describes them in JSON.

import ArgumentParser
import Foundation

/// A command with its subcommands and arguments. It is decoded from what `--experimental-dump-help` prints, so that the
/// definitions of the commands are its only source.
struct CommandDefinition: Decodable {
  /// An argument, an option or a flag.
  struct Argument: Decodable {
    enum Kind: String, Decodable {
      case positional, option, flag
    }

    struct Name: Decodable {
      let kind: String
      let name: String

      /// The name as it is typed.
      var text: String { (kind == "long" ? "--" : "-") + name }
    }

    let kind: Kind
    let names: [Name]?
    let shouldDisplay: Bool
    let parsingStrategy: String

    /// Whether the option takes the next word as its value even if the word begins with a hyphen.
    var takesAnyWord: Bool { parsingStrategy == "unconditional" }
  }

  let commandName: String
  let shouldDisplay: Bool?
  let arguments: [Argument]?
  let subcommands: [CommandDefinition]?
  let defaultSubcommand: String?

  /// The root command; nil if ArgumentParser describes it in an unknown form.
  static let root: CommandDefinition? = {
    struct Dump: Decodable { let command: CommandDefinition }
    return try? JSONDecoder().decode(Dump.self, from: Data(WinitRegistryCommand._dumpHelp().utf8)).command
  }()

  /// The names of the subcommands that the help lists.
  var commandNames: [String] { (subcommands ?? []).filter { $0.shouldDisplay ?? true }.map(\.commandName) }

  /// The names of the options and flags, as they are typed.
  var optionNames: [String] {
    (arguments ?? []).filter(\.shouldDisplay).flatMap { ($0.names ?? []).map(\.text) }
  }

  /// Returns the subcommand with a name.
  func subcommand(_ name: some StringProtocol) -> CommandDefinition? {
    (subcommands ?? []).first { $0.commandName == name }
  }

  /// Returns the option or flag with a name as it is typed.
  func option(_ name: some StringProtocol) -> Argument? {
    (arguments ?? []).first { ($0.names ?? []).contains { $0.text == name } }
  }
}
