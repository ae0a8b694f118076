// The flag that asks for JSON.

import ArgumentParser

/// Output for programs.
struct JSONFlag: ParsableArguments {
  @Flag(
    name: .customLong("json"),
    help: "Print one JSON value on standard output instead of text, and an error as one JSON object on standard error.")
  var enabled = false
}
