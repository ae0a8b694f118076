// alias: set or remove an alias of a run.

import ArgumentParser
import WinitJSON
import WinitRegistry

struct AliasCommand: JSONCommand {
  static let configuration = CommandConfiguration(
    name: "alias",
    abstract: "Set or remove an alias, a second name for one version: NAME:ALIAS.",
    discussion: """
      Setting an alias that another run of the same name has moves the alias. A version, such as gpt2:v3, never moves. \
      NAME:latest always refers to the newest version.

        winit-registry alias gpt2:v3 baseline       # gpt2:baseline refers to gpt2:v3
        winit-registry alias --remove gpt2:baseline
      """)

  @Argument(help: "The run, such as gpt2:v3; with --remove the alias, such as gpt2:baseline.", completion: .runs)
  var reference: String

  @Argument(
    help: "The alias to set, such as baseline: letters, digits, `.`, `_` and `-`, and not like a version.",
    completion: .aliases)
  var alias: String?

  @Flag(help: "Remove the alias.")
  var remove = false

  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func validate() throws {
    if remove == (alias != nil) {
      throw ValidationError(
        remove ? "--remove takes one argument, NAME:ALIAS" : "give the alias, as in `alias gpt2:v3 baseline`")
    }
  }

  func run() throws {
    try reportingErrors {
      let registry = try registry.open()
      let report = try alias.map { try set($0, in: registry) } ?? removed(in: registry)
      try emit(json.enabled ? report.json : report.text)
    }
  }

  private func set(_ alias: String, in registry: Registry) throws -> AliasReport {
    let run = try registry.run(toChange: reference)
    let before = try registry.setAlias(alias, of: run)
    return AliasReport(alias: "\(run.name):\(alias)", run: run, before: before)
  }

  private func removed(in registry: Registry) throws -> AliasReport {
    guard case .alias(let name, let alias) = try RunReference(parsing: reference) else {
      throw RegistryError.invalidArgument("\(quoted: reference) is not an alias. Write NAME:ALIAS")
    }
    return AliasReport(alias: reference, run: nil, before: try registry.removeAlias(alias, of: name))
  }
}

extension AliasReport {
  fileprivate var text: String {
    let was = before.map { " (was \($0.reference))" } ?? ""
    return run.map { "set alias \(alias) to \($0.reference)\(was)" } ?? "removed alias \(alias)\(was)"
  }
}
