// A request of a shell for the words that complete a command line.

import ArgumentParser
import Foundation
import WinitRegistry

/// The command line that a shell asks to complete, without the shell's quotes.
struct CompletionRequest {
  /// The words of the command line; the first is the command.
  let words: [String]
  /// The index of the word to complete.
  let index: Int
  /// The text of that word before the cursor.
  let text: String

  /// The longest time that a completion takes, in seconds. Then the shell offers nothing.
  private static let timeout: UInt32 = 2

  /// Whether a shell runs the command for a completion: `---completion` is the request of ArgumentParser's scripts.
  static var isBeingServed: Bool { CommandLine.arguments.dropFirst().first == "---completion" }

  /// Prepares the process: nothing is printed on standard error, and the process ends in time even if the registry is
  /// locked or on a file system that does not answer.
  static func prepare() {
    let null = open("/dev/null", O_WRONLY)
    if null >= 0 { dup2(null, STDERR_FILENO) }
    signal(SIGALRM) { _ in _exit(0) }
    alarm(timeout)
  }

  /// - Parameters:
  ///   - words: the words as they are on the command line. (Fish before version 4 passes them without quotes.)
  ///   - prefix: the text of the last word before the cursor.
  init(_ words: [String], _ index: Int, prefix: String) {
    self.words = words.map(unquoted)
    self.index = index
    let isLast = index == words.count - 1
    text = unquoted(isLast ? prefix : words.indices.contains(index) ? words[index] : "")
  }

  /// The value of an option: the word after it, or the rest of a word `--option=value`; nil if it is not given.
  func value(of option: String) -> String? {
    for (i, word) in words.enumerated() where i != index {
      if word == option, i + 1 < words.count, i + 1 != index { return words[i + 1] }
      if word.hasPrefix(option + "=") { return String(word.dropFirst(option.count + 1)) }
    }
    return nil
  }

  /// The names in the registry that the command line selects; nil if it cannot be read.
  var registry: RegistryNames? { RegistryNames(at: RegistryOption.path(value(of: "--registry"))) }

  /// The words that can be references to runs: all but the command and its subcommand, options, and the word to
  /// complete.
  var operands: [String] {
    words.indices.dropFirst(2).filter { $0 != index && !words[$0].hasPrefix("-") }.map { words[$0] }
  }
}

/// Returns the text of a word of a shell: without quotes, with `~` and variables of the environment replaced.
private func unquoted(_ word: String) -> String {
  var out = ""
  var rest = word[...]
  var quote: Character?
  let environment = ProcessInfo.processInfo.environment
  if rest == "~" || rest.hasPrefix("~/"), let home = environment["HOME"] {
    out = home
    rest = rest.dropFirst()
  }
  while let character = rest.popFirst() {
    switch (character, quote) {
    case ("'", nil), ("\"", nil): quote = character
    case ("'", "'"), ("\"", "\""): quote = nil
    case ("\\", nil): if let next = rest.popFirst() { out.append(next) }
    case ("\\", "\"") where rest.first.map { "\\\"$`".contains($0) } == true: out.append(rest.removeFirst())
    case ("$", nil), ("$", "\""):
      let isBraced = rest.first == "{"
      let name = rest.dropFirst(isBraced ? 1 : 0).prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
      guard !name.isEmpty, let value = environment[String(name)] else {
        out.append("$")
        continue
      }
      out += value
      rest = rest[name.endIndex...]
      if isBraced, rest.first == "}" { rest.removeFirst() }
    default: out.append(character)
    }
  }
  return out
}
