// The words of a command line that cannot be parsed.

/// The command of a command line, its options and its other words, read as far as they can be understood.
struct CommandLineText {
  /// The names of the command and its subcommands, without the root command.
  private(set) var path: [String] = []
  /// The definition of the command.
  private(set) var command: CommandDefinition
  /// The words that look like an option of the command, and are none.
  private(set) var unknownOptions: [String] = []
  /// The words that are neither commands, options nor values of options.
  private(set) var operands: [String] = []
  /// Whether an option comes before the name of the command.
  let beginsWithOption: Bool
  /// Whether the flag --json is among the words.
  private(set) var hasJSONFlag = false

  init(_ words: some Collection<String>, _ root: CommandDefinition) {
    command = root
    beginsWithOption = words.first.map { $0.hasPrefix("-") && $0 != "--" } ?? false
    var words = words[...]
    while let word = words.popFirst() {
      if word == "--" {
        operands += words
        return
      }
      guard word.hasPrefix("-"), word.count > 1, Double(word) == nil else {
        if operands.isEmpty, unknownOptions.isEmpty, let next = command.subcommand(word) {
          command = next
          path.append(word)
        } else {
          operands.append(word)
        }
        continue
      }
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if word == "--json" { hasJSONFlag = true }
      if let option = option(parts[0]) {
        guard option.kind == .option, parts.count == 1, let value = words.first else { continue }
        if option.takesAnyWord || !value.hasPrefix("-") { words.removeFirst() }
      } else if !["-h", "--help"].contains(word) {
        unknownOptions.append(String(parts[0]))
      }
    }
  }

  /// Returns an option of the command, or of the subcommand that is meant if none is given.
  private func option(_ name: Substring) -> CommandDefinition.Argument? {
    command.option(name) ?? command.defaultSubcommand.flatMap { command.subcommand($0) }?.option(name)
  }
}
