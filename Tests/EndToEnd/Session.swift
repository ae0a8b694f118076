// Recorded sessions: command lines and what they print, in Markdown files and in golden files.

import Foundation

/// A command line of a session, and the lines that it prints.
struct SessionCommand {
  /// The number of the command's line in its file, from 1.
  let line: Int
  /// The command line, without `$ `.
  let text: String
  /// The lines between this command and the next one.
  let output: [String]
}

/// The commands of a session.
enum Session {
  /// Returns the commands of every `console` block of a Markdown text, in order.
  static func commands(inMarkdown text: String) -> [SessionCommand] {
    var commands: [SessionCommand] = []
    var isInside = false
    for (index, line) in lines(text).enumerated() {
      if line.hasPrefix("```") {
        isInside = line == "```console"
      } else if isInside {
        add(line, number: index + 1, to: &commands)
      }
    }
    return commands
  }

  /// Adds a line: a command, or a line of the output of the last command.
  static func add(_ line: String, number: Int, to commands: inout [SessionCommand]) {
    if line.hasPrefix("$ ") {
      commands.append(SessionCommand(line: number, text: String(line.dropFirst(2)), output: []))
    } else if let last = commands.popLast() {
      commands.append(SessionCommand(line: last.line, text: last.text, output: last.output + [line]))
    }
  }

  /// Returns a text with another output for each of these commands.
  static func replacing(_ outputs: [(SessionCommand, [String])], in text: String) -> String {
    var lines = lines(text)
    for (command, output) in outputs.sorted(by: { $0.0.line > $1.0.line }) {
      lines.replaceSubrange(command.line..<command.line + command.output.count, with: output)
    }
    return lines.joined(separator: "\n")
  }

  /// Returns the lines of a text; a final line break gives an empty last line.
  static func lines(_ text: String) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  /// Returns the lines that a command has printed.
  static func printedLines(_ text: String) -> [String] {
    text.isEmpty ? [] : lines(text.hasSuffix("\n") ? String(text.dropLast()) : text)
  }

  /// Returns a line with `<duration>` for every duration and `<time>` for every time.
  static func withoutTimes(_ line: String) -> String {
    line.replacing(/\b[0-9]+ ms\b|\b[0-9]+\.[0-9] s\b/, with: "<duration>")
      .replacing(/\b[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}Z?)?/, with: "<time>")
  }
}
