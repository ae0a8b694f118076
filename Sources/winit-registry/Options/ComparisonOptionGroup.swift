// The options of `verify --against`: what is compared, and which differences are allowed.

import ArgumentParser
import WinitRegistry

/// The options of a comparison with a checkpoint.
struct ComparisonOptionGroup: ParsableArguments {
  @Option(
    name: .customLong("tensor"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      """
      With --against, compare only the tensors whose names match this pattern, in which `*` stands for any characters and \
      `?` for one. Repeat the option for more patterns. (default: all tensors)
      """, valueName: "pattern"), completion: .tensors)
  var tensors: [String] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      """
      With --against, compare only this part of each tensor, such as '0:10,:'. The file holds the part, as \
      `get --slice` writes it, or the whole tensor. (default: the whole tensor)
      """, valueName: "slice"))
  var slice: String?

  @Flag(
    help:
      "With --against, allow the file to hold a part of the run: some tensors, or one rank's shard of each tensor.")
  var subset = false

  @Flag(
    help:
      """
      With --against, allow the file to hold the values rounded to another floating-point dtype: to nearest, ties to even.
      """)
  var cast = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "With --against, compare names without this prefix, such as 'model.'. (default: names as they are)",
      valueName: "prefix"))
  var stripPrefix: String?

  /// The first option that is given; nil for none.
  var given: String? {
    if !tensors.isEmpty { return "--tensor" }
    if slice != nil { return "--slice" }
    if subset { return "--subset" }
    if cast { return "--cast" }
    return stripPrefix == nil ? nil : "--strip-prefix"
  }

  /// - Throws: `RegistryError` with the code `invalidSlice`.
  func options() throws -> ComparisonOptions {
    var options = ComparisonOptions()
    options.tensors = tensors
    options.slice = try slice.map { try TensorSlice($0) }
    options.isSubset = subset
    options.allowsCast = cast
    options.strippedPrefix = stripPrefix
    return options
  }
}
