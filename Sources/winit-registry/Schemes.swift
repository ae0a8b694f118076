// schemes: what an init may be.

import ArgumentParser
import WinitRegistry

struct Schemes: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the schemes, or show one: formula, parameters, when to use it, source.",
    subcommands: [SchemeList.self, SchemeShow.self], defaultSubcommand: SchemeList.self)
}

struct SchemeList: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List the schemes.")

  @OptionGroup var json: JSONFlag

  func run() throws {
    try reportingErrors {
      if json.enabled {
        let list: JSONValue = ["schemes": .array(Scheme.catalog.map(\.json))]
        try emit(list.pretty)
      } else {
        try emit(table([["SCHEME", "PARAMETERS", "ELEMENTS"]] + Scheme.catalog.map(\.row)))
      }
    }
  }
}

struct SchemeShow: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "show", abstract: "Show a scheme.")

  @Argument(help: "The scheme, by any of its names.")
  var name: String

  @OptionGroup var json: JSONFlag

  func run() throws {
    try reportingErrors {
      let scheme = try Scheme.info(name)
      try emit(json.enabled ? scheme.json.pretty : scheme.text)
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
    if !aliases.isEmpty { rows.append(["  also", aliases.joined(separator: ", ")]) }
    if !parameters.isEmpty { rows.append(["  parameters", parametersText]) }
    return name + "\n" + table(rows)
  }

  fileprivate var json: JSONValue {
    [
      "name": .string(name), "aliases": .array(aliases.map { .string($0) }), "formula": .string(formula),
      "use": .string(use), "source": .string(source),
      "parameters": .array(
        parameters.map { parameter in
          [
            "name": .string(parameter.name), "kind": .string(parameter.isNumber ? "number" : "word"),
            "default": parameter.fallback.map { .string($0) } ?? .null,
          ]
        }),
    ]
  }
}
