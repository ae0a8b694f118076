// alias, rename, rm, restore: what runs are called, and whether they are there.

import ArgumentParser
import WinitRegistry

struct SetAlias: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "alias",
    abstract: "Let NAME:ALIAS stand for a run.",
    discussion: """
      An alias can be moved to another run of the same name at any time; versions never move. `latest` always stands for \
      the newest version.

        winit-registry alias gpt2:v3 baseline       # gpt2:baseline is gpt2:v3
        winit-registry alias --remove gpt2:baseline
      """)

  @Argument(help: "The run, or with --remove NAME:ALIAS.")
  var reference: String

  @Argument(help: "The alias.")
  var alias: String?

  @Flag(help: "Take the alias off.")
  var remove = false

  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func validate() throws {
    if remove == (alias != nil) {
      throw ValidationError(
        remove ? "--remove takes NAME:ALIAS alone" : "give the alias, as in `alias gpt2:v3 baseline`")
    }
  }

  func run() throws {
    try reportingErrors {
      let registry = try registry.open()
      if let alias {
        let run = try registry.run(reference)
        let before = try registry.setAlias(alias, of: run)
        let report: JSONValue = [
          "alias": .string("\(run.name):\(alias)"), "reference": .string(run.reference),
          "moved_from": before.map { .string($0.reference) } ?? .null,
        ]
        try emit(
          json.enabled
            ? report.pretty
            : "\(run.name):\(alias) is \(run.reference)" + (before.map { ", and was \($0.reference)" } ?? ""))
        return
      }
      guard case .alias(let name, let alias) = try Reference(parsing: reference) else {
        throw RegistryError.usage("`\(reference)` is not an alias; write NAME:ALIAS")
      }
      let run = try registry.removeAlias(alias, of: name)
      let report: JSONValue = [
        "alias": .string(reference), "reference": .null, "moved_from": .string(run.reference),
      ]
      try emit(json.enabled ? report.pretty : "\(reference) is no more; it was \(run.reference)")
    }
  }
}

struct Rename: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Give all runs of a name another name.",
    discussion: """
      Versions, ids and aliases stay. The new name must never have been that of other runs: what was once `new:v1` must \
      not come to mean another run.
      """)

  @Argument(help: "The name.") var old: String
  @Argument(help: "The new name.") var new: String
  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func run() throws {
    try reportingErrors {
      let count = try registry.open().rename(old, to: new)
      let report: JSONValue = ["from": .string(old), "to": .string(new), "runs": .integer(count)]
      try emit(json.enabled ? report.pretty : "renamed \(counted(count, "run")) of `\(old)` to `\(new)`")
    }
  }
}

struct Remove: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rm",
    abstract: "Delete runs.",
    discussion: """
      A deleted run is found no more, but stays in the file: `list --deleted` shows it and `restore` brings it back, until \
      `gc` takes it after its grace period. Its version is never given again. A run with an alias is not deleted.
      """)

  @Argument(help: "The runs.") var references: [String]
  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func run() throws {
    try reportingErrors {
      let registry = try registry.open()
      // Found first, so that a wrong reference is said before anything is deleted.
      let runs = try registry.runs(references)
      let deleted = try registry.delete(runs)
      let report: JSONValue = ["runs": .array(deleted.map(\.json))]
      try emit(
        json.enabled
          ? report.pretty
          : deleted.map { "deleted \($0.reference); `restore \($0.reference)` brings it back" }.joined(
            separator: "\n"))
    }
  }
}

struct Restore: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Bring deleted runs back.")

  @Argument(help: "The runs; `list --deleted` shows them.") var references: [String]
  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func run() throws {
    try reportingErrors {
      let registry = try registry.open()
      let runs = try registry.runs(references, deletedToo: true)
      let restored = try registry.restore(runs)
      let report: JSONValue = ["runs": .array(restored.map(\.json))]
      try emit(
        json.enabled
          ? report.pretty
          : zip(runs, restored).map { before, run in
            before.deletedAt == nil ? "\(run.reference) was not deleted" : "restored \(run.reference)"
          }.joined(separator: "\n"))
    }
  }
}
