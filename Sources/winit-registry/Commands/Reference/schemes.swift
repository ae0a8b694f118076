// schemes: list the initialization schemes.

import ArgumentParser
import WinitInitializers
import WinitRegistry

struct SchemesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schemes", abstract: "List the initialization schemes of a spec, or show one scheme.",
    subcommands: [SchemesListCommand.self, SchemesShowCommand.self], defaultSubcommand: SchemesListCommand.self)
}

struct SchemesListCommand: JSONCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the schemes with parameters and formulas.",
    discussion: """
      The default of a parameter follows in parentheses. A parameter without one must be given, or follows from others.

      In a narrow terminal cells are wrapped, then PARAMETERS is left out.
      """)

  @OptionGroup var tableOptions: TableOptions
  @OptionGroup var json: JSONFlag

  func validate() throws { try tableOptions.check(json) }

  func run() throws {
    try reportingErrors {
      if json.enabled {
        try emit(SchemeListReport(schemes: SchemeCatalog.schemes).json)
      } else {
        let columns = [
          Table.Column("SCHEME", .key), Table.Column("PARAMETERS", .wrap(to: 16)),
          Table.Column("ELEMENTS", .wrap(to: 12)),
        ]
        let table = Table(
          columns, SchemeCatalog.schemes.map(\.row), omitted: ["PARAMETERS"], hasHeader: !tableOptions.noHeader)
        try emit(table.text)
      }
    }
  }
}

struct SchemesShowCommand: JSONCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show one scheme: elements (the formula), use, source, aliases and parameters.")

  @Argument(help: "The scheme, by its name or an alias, such as he_normal or kaiming_normal.", completion: .schemes)
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
    return name + "\n" + Table(fields: rows).text
  }
}
