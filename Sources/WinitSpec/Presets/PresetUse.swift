// The preset that a spec uses, with the options that the user sets.

import WinitCore
import WinitJSON

/// What makes rules a preset, and how a spec uses it.
struct PresetUse: Sendable {
  /// An option as the user sets it.
  struct Setting: Sendable {
    let name: String
    let text: String
    /// The file in errors; the option of the command line if it is set there.
    let place: String
    let line: Int?
  }

  /// The name; nil in a spec that declares options or names of its own, as a preset does.
  var name: String?
  /// Patterns of names that only the library's own model has, in the order in which they are tried. They show the
  /// prefix that a wrapper has put before all names. Empty if the rules apply under any name.
  var identify: [Glob] = []
  /// The values of `model_type` in the `config.json` of the models that the preset is for.
  var modelTypes: [String] = []
  var options: [PresetOption] = []
  var settings: [Setting] = []

  /// The preset in a message.
  var title: String { name.map { "the preset \(quoted: $0)" } ?? "the spec" }

  /// The name of the option that gives the prefix.
  static let prefixOption = "prefix"
  /// The name of the option that names the file to read in place of `config.json`.
  static let configurationOption = "config"

  /// The names of all options, with those that every preset of its kind has.
  var optionNames: [String] {
    options.map(\.name) + (identify.isEmpty ? [] : [Self.prefixOption])
      + (options.contains { $0.configurationKey != nil } ? [Self.configurationOption] : [])
  }

  /// Returns the last setting of an option, which counts; nil if the user does not set it.
  func setting(_ name: String) -> Setting? { settings.last { $0.name == name } }
}

extension ModelSpec {
  /// Returns the spec with options of its preset set, in place of those that the spec sets itself.
  ///
  /// - Parameters:
  ///   - options: names and values.
  ///   - place: the name in errors of what sets an option.
  package func setting(
    _ options: [(name: String, text: String)], place: (String, String) -> String = { "option \($0)=\($1)" }
  ) -> ModelSpec {
    guard !options.isEmpty else { return self }
    var spec = self
    spec.preset = spec.preset ?? PresetUse()
    spec.preset?.settings += options.map {
      PresetUse.Setting(name: $0.name, text: $0.text, place: place($0.name, $0.text), line: nil)
    }
    return spec
  }
}
