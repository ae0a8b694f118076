// The JSON of `preset`.

package import WinitJSON
import WinitSpec

/// The names of presets.
package struct PresetListReport: Sendable, JSONReport {
  package let names: [String]

  package init(names: [String]) { self.names = names }

  package var jsonValue: JSONValue { ["presets": .strings(names)] }
}

/// The options of a preset.
package struct PresetOptionsReport: Sendable, JSONReport {
  package let name: String
  package let options: [Option]

  /// An option of a preset.
  package struct Option: Sendable {
    package let name: String
    /// `boolean`, `integer`, `number` or `row`.
    package let kind: String
    /// The default as the preset writes it.
    package let fallback: String
    /// The key of `config.json` that sets the option; nil for none.
    package let configurationKey: String?
    /// What the option means.
    package let about: String
  }

  /// Creates the report of a preset.
  ///
  /// - Throws: `RegistryError` with the code `unknownName`.
  package init(_ name: String) throws {
    self.name = name
    options = try translatingErrors { try WinitSpec.ModelSpec.presetOptions(name) }.map {
      Option(
        name: $0.name, kind: $0.kind.rawValue, fallback: $0.fallbackText, configurationKey: $0.configurationKey,
        about: $0.about)
    }
  }

  package var jsonValue: JSONValue {
    [
      "preset": .string(name),
      "options": .array(
        options.map {
          [
            "name": .string($0.name), "type": .string($0.kind), "default": .string($0.fallback),
            "config": .optional($0.configurationKey), "about": .string($0.about),
          ]
        }),
    ]
  }
}
