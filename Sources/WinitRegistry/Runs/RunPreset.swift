// The preset of a run, as it is recorded.

import WinitJSON
import WinitStorage

/// The preset that the spec of a run used.
package struct RunPreset: Sendable {
  /// An option with its value and its source, as texts.
  package struct Option: Sendable {
    package let name: String
    /// The value; `none` for no value.
    package let value: String
    /// The source of the value, for a person: `assumed` for the default of the preset.
    package let source: String
  }

  /// The name; nil for a spec that declares options of its own.
  package let name: String?
  /// The text that was stripped from names before the rules of the preset were matched.
  package let prefix: String
  package let options: [Option]
}

extension Run {
  /// The preset; nil for a run without one.
  package var preset: RunPreset? { record.preset.map { RunPreset(json: $0) } }
}

extension RunPreset {
  /// Reads the record of a preset.
  init(json: JSONValue) {
    options = (json["options"]?.objectValue ?? []).map { member in
      let value = member.value["value"].map { if case .null = $0 { "none" } else { $0.compact } } ?? "none"
      let key = member.value["key"]?.stringValue
      let source =
        switch member.value["from"]?.stringValue {
        case "config": "config.json" + (key.map { ": \($0)" } ?? "")
        case "option": "given"
        case "values": "values of the spec"
        default: "assumed"
        }
      return RunPreset.Option(name: member.key, value: value, source: source)
    }
    name = json["name"]?.stringValue
    prefix = json["prefix"]?.stringValue ?? ""
  }
}
