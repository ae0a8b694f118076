// The commands and their options, from what `--experimental-dump-help` prints.

import Testing
import WinitJSON
import WinitTestSupport

/// A command that runs, with its options.
struct ListedCommand {
  /// The words of the command, such as `preset show`.
  let words: String
  /// The names of its options and flags, as they are typed, each with the name of its value; the name is nil for a flag.
  let options: [(name: String, valueName: String?)]

  var hasJSON: Bool { options.contains { $0.name == "--json" } }

  /// All commands without subcommands, except `help`.
  static func all() throws -> [ListedCommand] {
    let outcome = try Workplace().succeed("--experimental-dump-help")
    let root = try #require(try JSONValue(parsing: outcome.output)["command"])
    return commands(of: root, [])
  }

  private static func commands(of command: JSONValue, _ path: [String]) -> [ListedCommand] {
    let subcommands = (command["subcommands"]?.arrayValue ?? []).filter { $0["commandName"]?.stringValue != "help" }
    if !subcommands.isEmpty {
      return subcommands.flatMap { commands(of: $0, path + [$0["commandName"]?.stringValue ?? ""]) }
    }
    let options = (command["arguments"]?.arrayValue ?? []).flatMap { argument in
      (argument["names"]?.arrayValue ?? []).compactMap { name -> (String, String?)? in
        guard name["kind"]?.stringValue == "long", let text = name["name"]?.stringValue else { return nil }
        return ("--" + text, argument["kind"]?.stringValue == "option" ? argument["valueName"]?.stringValue : nil)
      }
    }
    return [ListedCommand(words: path.joined(separator: " "), options: options)]
  }
}
