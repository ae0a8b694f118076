// The flag that leaves out the header of a table.

import ArgumentParser

/// How a table is printed.
struct TableOptions: ParsableArguments {
  @Flag(help: "Do not print the line of column titles.")
  var noHeader = false

  /// - Throws: `ValidationError` if the output has no table.
  func check(_ json: JSONFlag) throws {
    if json.enabled, noHeader { throw ValidationError("--no-header is about a table, and --json prints none") }
  }
}
