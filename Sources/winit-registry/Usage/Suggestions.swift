// The "did you mean" of an unknown command or option.

import WinitCore

/// Returns the known words that the user of an unknown word probably meant, at most four.
///
/// - Parameter synonyms: for words of other programs, the known words that mean the same.
func suggestions(for word: String, in known: [String], synonyms: [String: [String]] = [:]) -> [String] {
  let word = word.lowercased()
  if let meant = synonyms[word]?.filter(known.contains), !meant.isEmpty { return meant }
  let longer = known.filter { $0.lowercased().hasPrefix(word) }
  if !word.isEmpty, (1...4).contains(longer.count) { return longer }
  return nearest(to: word, in: known).map { [$0] } ?? []
}

/// Returns `; did you mean …?` with the suggestions; the empty text for none.
func question(_ suggestions: [String]) -> String {
  guard let last = suggestions.last else { return "" }
  let texts = suggestions.dropLast().map { "`\($0)`" }
  return "; did you mean " + (texts.isEmpty ? "" : texts.joined(separator: ", ") + " or ") + "`\(last)`?"
}

/// The names that git, docker, huggingface-cli, DVC and shells give to what the commands do.
let commandSynonyms: [String: [String]] = {
  let meanings: KeyValuePairs = [
    "create": ["add", "init", "initialise", "initialize", "make", "new", "record", "run", "train"],
    "get": ["checkout", "download", "dump", "extract", "fetch", "pull", "read", "save", "write"],
    "verify": ["check", "test", "validate"],
    "graft": ["merge", "splice"],
    "list": ["ls", "ps", "runs"],
    "show": ["cat", "describe", "info", "inspect", "print", "view"],
    "diff": ["cmp", "compare"],
    "identify": ["find", "lookup", "search", "which", "who"],
    "log": ["events", "history"],
    "alias": ["label", "link", "promote"],
    "rename": ["move", "mv"],
    "note": ["annotate", "comment"],
    "rm": ["del", "delete", "drop", "erase", "remove", "trash"],
    "restore": ["recover", "undelete", "undo", "unrm"],
    "export": ["bundle", "push", "upload"],
    "import": ["load", "unbundle"],
    "backup": ["clone", "copy", "cp", "snapshot"],
    "stats": ["df", "du", "size", "stat", "status", "usage"],
    "gc": ["clean", "cleanup", "collect", "prune", "purge", "vacuum"],
    "strip": ["shrink"],
    "materialize": ["materialise", "regenerate", "store"],
    "doctor": ["fix", "fsck", "repair"],
    "schemes": ["initializers", "inits", "scheme"],
    "preset": ["presets", "template", "templates"],
  ]
  return Dictionary(meanings.flatMap { command, words in words.map { ($0, [command]) } }) { $0 + $1 }
}()
