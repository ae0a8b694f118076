// Presets: the rules of a model's or a library's initialization, by name.

import WinitCore
import WinitInitializers
import WinitJSON
import WinitPresets

/// The error for a name that no preset has.
package struct UnknownPreset: Error, Equatable, CustomStringConvertible {
  package let name: String

  /// The message for a person: what is wrong, and what to do.
  package var description: String {
    let known = ModelSpec.presetNames
    let near = nearest(to: name, in: known).map { "; did you mean \(quoted: $0)?" } ?? ""
    return "unknown preset \(quoted: name)\(near) (known: \(known.joined(separator: ", ")))"
  }
}

extension ModelSpec {
  /// The names of all presets.
  package static var presetNames: [String] { Preset.all.map(\.name) }

  /// Returns a preset's rules as a spec in YAML, with the source of each rule in its comments.
  package static func presetText(_ name: String) throws(UnknownPreset) -> String {
    guard let preset = Preset.all.first(where: { $0.name == name }) else { throw UnknownPreset(name: name) }
    return preset.text
  }

  /// Returns the options of a preset.
  package static func presetOptions(_ name: String) throws(UnknownPreset) -> [PresetOption] {
    try ModelSpec(preset: name).preset?.options ?? []
  }

  /// Creates a spec of a preset's rules. The spec lists no tensors; they come from `like`.
  package init(preset name: String) throws(UnknownPreset) {
    let text = try ModelSpec.presetText(name)
    // A preset is part of this package and always parses; a test resolves each of them.
    let spec = try? ModelSpec(parsing: text, file: "preset \(name)")
    guard var spec else { throw UnknownPreset(name: name) }
    var preset = spec.preset ?? PresetUse()
    preset.name = name
    spec.preset = preset
    self = spec.markedAsPreset
  }

  /// The spec with its rules, values and network marked as those of a preset.
  var markedAsPreset: ModelSpec {
    var spec = self
    for index in spec.rules.indices { spec.rules[index].isPreset = true }
    for index in spec.values.indices { spec.values[index].isPreset = true }
    spec.network?.isPreset = true
    return spec
  }
}
