// The option that sets the number of threads.

import ArgumentParser

/// The number of worker threads.
struct ThreadsOption: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Number of worker threads, 1 or more; does not affect the bits. (default: one per processor)", valueName: "n"),
    transform: integer(atLeast: 1))
  var threads: Int?
}
