// Usage errors: the messages of ArgumentParser, in the form of the other errors and with suggestions.

import ArgumentParser
import WinitJSON

/// An error of the command line.
struct UsageError {
  /// What is wrong, and what was probably meant.
  let message: String
  /// The help of the argument and the usage of the command.
  let details: String

  /// Describes an error of ArgumentParser.
  ///
  /// - Returns: nil for an error without a message, such as an exit status.
  init?(_ error: any Error, of line: CommandLineText?) {
    let message = WinitRegistryCommand.message(for: error)
    guard !message.isEmpty else { return nil }
    let rest = WinitRegistryCommand.fullMessage(for: error).dropFirst("Error: \(message)\n".count)
    if let line, let unknown = UsageError.unknownWord(of: line, message) {
      self.message = unknown
      // The help is that of another problem, and the usage that of another command if the command is not known.
      details =
        !line.command.commandNames.isEmpty
        ? "" : rest.split(separator: "\n").drop { $0.hasPrefix("Help:") }.joined(separator: "\n")
    } else {
      self.message = message.prefix(1).lowercased() + UsageError.shorteningArguments(message.dropFirst())
      details = String(rest)
    }
  }

  private init(message: String) { (self.message, details) = (message, "") }

  /// Returns the error of `help` with words that are no command; nil if they are one. (ArgumentParser prints the help of
  /// the last command that it knows.)
  static func ofHelp(_ words: some Collection<String>, _ root: CommandDefinition) -> UsageError? {
    guard words.first == "help" else { return nil }
    let line = CommandLineText(words.dropFirst().filter { !$0.hasPrefix("-") }, root)
    return line.operands.isEmpty ? nil : UsageError(message: unknownCommand(of: line))
  }

  /// Returns the message about an unknown command or option, which says more than the message of ArgumentParser: that is
  /// often about what is missing because of it.
  private static func unknownWord(of line: CommandLineText, _ message: String) -> String? {
    if line.beginsWithOption, let option = line.unknownOptions.first {
      let isOfCommand = (line.command.subcommands ?? []).contains { $0.option(option) != nil }
      return isOfCommand
        ? "\(quoted: option) is an option of commands. Write it after the command, as in `winit-registry list \(option) …`"
        : "unknown option \(quoted: option)" + question(optionSuggestions(option, line.command))
    }
    let isGroup = !line.command.commandNames.isEmpty
    if isGroup, !line.operands.isEmpty { return unknownCommand(of: line) }
    // A value that an option does not take comes before an option that is not known.
    let isAboutValue = ["The value ", "Missing value ", "The option "].contains { message.hasPrefix($0) }
    guard !isAboutValue, let option = line.unknownOptions.first else { return nil }
    let command = line.path.joined(separator: " ")
    return "`\(command)` has no option \(quoted: option)" + question(optionSuggestions(option, line.command))
  }

  /// Returns the message about the first word that is no subcommand.
  private static func unknownCommand(of line: CommandLineText) -> String {
    let word = line.operands.first ?? "", known = line.command.commandNames
    guard !line.path.isEmpty else {
      let near = suggestions(for: word, in: known + ["help"], synonyms: commandSynonyms)
      return "unknown command \(quoted: word)\(question(near)) (`winit-registry --help` lists them)"
    }
    let path = line.path.joined(separator: " ")
    if known.isEmpty { return "`\(path)` has no command \(quoted: word), nor any other" }
    // The name of what a group of commands is about, such as `preset gpt2`, is missing the command.
    let isShort = word.unicodeScalars.count < 80
    let near = suggestions(for: word, in: known).first ?? (known.contains("show") && isShort ? "show \(word)" : nil)
    let list = known.map { "`\(path) \($0)`" }.joined(separator: ", ")
    return
      "unknown command \(quoted: "\(path) \(word)")\(question(near.map { ["\(path) \($0)"] } ?? [])) (known: \(list))"
  }

  /// Returns the options of a command that are like an unknown one. A single letter means the options that begin with
  /// it.
  private static func optionSuggestions(_ option: String, _ command: CommandDefinition) -> [String] {
    let known = command.optionNames
    let isLetter = option.count == 2
    return suggestions(for: isLetter ? "-\(option)" : option, in: known.filter { !isLetter || $0.count > 2 })
  }

  /// Shortens and escapes the long arguments of this process that a message of ArgumentParser quotes.
  private static func shorteningArguments(_ text: Substring) -> String {
    // Of `--option=VALUE`, ArgumentParser quotes the value.
    let given = CommandLine.arguments.dropFirst().flatMap {
      [$0] + $0.split(separator: "=", maxSplits: 1).map(String.init)
    }
    let long = given.filter { $0.unicodeScalars.count > 80 || $0.unicodeScalars.contains { $0.value < 32 } }
    return long.sorted { $0.utf8.count > $1.utf8.count }.reduce(String(text)) { text, argument in
      text.replacing("'\(argument)'", with: "\(quoted: argument)").replacing(argument, with: "\(quoted: argument)")
    }
  }
}
