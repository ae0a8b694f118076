// schemes: list the initialization schemes.

import ArgumentParser
import WinitInitializers
import WinitRegistry

struct SchemesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schemes", abstract: "List the initialization schemes of a spec, or show one scheme.",
    subcommands: [SchemesListCommand.self, SchemesShowCommand.self], defaultSubcommand: SchemesListCommand.self)
}

struct SchemesListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the schemes with parameters and formulas.",
    discussion: """
      The default of a parameter follows in parentheses. A parameter without one must be given, or follows from others.
      """)

  @OptionGroup var json: JSONFlag

  func run() throws {
    try reportingErrors {
      if json.enabled {
        try emit(SchemeListReport(schemes: SchemeCatalog.schemes).json)
      } else {
        try emit(table([["SCHEME", "PARAMETERS", "ELEMENTS"]] + SchemeCatalog.schemes.map(\.row)))
      }
    }
  }
}

struct SchemesShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show one scheme: elements (the formula), use, source, aliases and parameters.")

  @Argument(help: "The scheme, by its name or an alias, such as he_normal or kaiming_normal.")
  var name: String

  @OptionGroup var json: JSONFlag

  func run() throws {
    try reportingErrors {
      let scheme = try SchemeCatalog.scheme(named: name)
      try emit(json.enabled ? scheme.json : scheme.text)
    }
  }
}

extension SchemeInfo {
  fileprivate var parametersText: String {
    parameters.map { parameter in
      parameter.fallback.map { "\(parameter.name) (\($0))" } ?? parameter.name
    }.joined(separator: ", ")
  }

  fileprivate var row: [String] { [name, parametersText, formula] }

  fileprivate var text: String {
    var rows = [["  elements", formula], ["  use", use], ["  source", source]]
    if !aliases.isEmpty { rows.append(["  aliases", aliases.joined(separator: ", ")]) }
    if !parameters.isEmpty { rows.append(["  parameters", parametersText]) }
    return name + "\n" + table(rows)
  }
}
