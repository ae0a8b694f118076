// What a plan took from a preset, and from where.

package import WinitJSON

/// The preset of a plan: the prefix that was stripped for matching, and the value and the source of each option. It is
/// recorded with the run, and is not part of its id: equal numbers have equal ids.
package struct PlannedPreset: Sendable {
  /// The source of a value.
  package enum Source: String, Sendable {
    /// The default of the preset: nothing sets the option.
    case assumed = "default"
    /// The spec or the command line.
    case option
    /// The spec's own `values`.
    case values
    /// The model's `config.json`.
    case configuration = "config"
    /// The names of the tensors.
    case names
  }

  /// An option with its value.
  package struct Option: Sendable {
    let name: String
    let value: PresetValue
    let source: Source
    /// The key of `config.json` that gave the value.
    let key: String?
  }

  /// The name of the preset; nil in a spec that declares options of its own.
  let name: String?
  /// The text before every name that the rules of the preset see.
  package let prefix: String
  /// The source of the prefix; nil if the preset applies under any name.
  package let prefixSource: Source?
  /// Whether a `config.json` was read.
  let hasConfiguration: Bool
  let options: [Option]

  /// The record.
  package var json: JSONValue {
    [
      "name": name.map { .string($0) } ?? .null, "prefix": .string(prefix),
      "prefix_from": prefixSource.map { .string($0.rawValue) } ?? .null,
      "config": .bool(hasConfiguration),
      "options": .object(
        options.map {
          .init(
            $0.name,
            .object(
              [.init("value", $0.value.json), .init("from", .string($0.source.rawValue))]
                + ($0.key.map { [.init("key", .string($0))] } ?? [])))
        }),
    ]
  }
}
