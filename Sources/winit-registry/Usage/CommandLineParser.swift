// Parsing the command line, by the named command alone where that is enough.

import ArgumentParser

extension CommandConfiguration {
  /// Creates the configuration of a command without subcommands, which `CommandLineParser` can parse alone.
  init(name: String, abstract: String, discussion: String = "") {
    // The super-command keeps ArgumentParser from looking for a request of a completion script in every command line.
    self.init(
      commandName: name, _superCommandName: WinitRegistryCommand._commandName, abstract: abstract,
      discussion: discussion)
  }
}

/// Parses the words of a command line.
///
/// Every type of an argument that ArgumentParser looks at costs a search of all protocol conformances of the program. A
/// complete command line is therefore parsed by the command that its first word names, without the tree of all commands.
/// Any other command line is parsed by the tree, whose help and errors tell of all commands.
enum CommandLineParser {
  /// Returns the command with its arguments, ready to run.
  ///
  /// - Throws: the errors of ArgumentParser, among them the requests for help and for the version.
  static func command(_ words: [String]) throws -> any ParsableCommand {
    try completeCommand(words) ?? WinitRegistryCommand.parseAsRoot(words)
  }

  /// Returns the command of a complete command line; nil for any other one, and for a command with subcommands.
  private static func completeCommand(_ words: [String]) -> (any ParsableCommand)? {
    guard let name = words.first,
      let type = WinitRegistryCommand.configuration.subcommands.first(where: { $0.configuration.commandName == name }),
      type.configuration._superCommandName != nil,
      let command = try? type.parseAsRoot(Array(words.dropFirst())),
      // A request for help is parsed as a command of ArgumentParser.
      Swift.type(of: command) == type
    else { return nil }
    return command
  }
}
