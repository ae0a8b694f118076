// Presets: the rules of a library's initialization, by name.

import WinitCore
import WinitInitializers
import WinitPresets

/// No preset has this name.
public struct UnknownPreset: Error, Equatable, CustomStringConvertible {
  /// The name.
  public let name: String

  /// What is wrong and what to do, for a person.
  public var description: String {
    let known = ModelSpec.presetNames
    let near = nearest(to: name, in: known).map { "; did you mean `\($0)`?" } ?? ""
    return "there is no preset `\(name)`\(near) (known: \(known.joined(separator: ", ")))"
  }
}

extension ModelSpec {
  /// The names of all presets.
  public static var presetNames: [String] { Preset.all.map(\.name) }

  /// A preset's rules as a spec in YAML, with the source of each in its comments.
  public static func presetText(_ name: String) throws(UnknownPreset) -> String {
    guard let preset = Preset.all.first(where: { $0.name == name }) else { throw UnknownPreset(name: name) }
    return preset.text
  }

  /// A preset as a spec that names no tensors: they come from `like`.
  public init(preset name: String) throws(UnknownPreset) {
    let text = try ModelSpec.presetText(name)
    // What is wrong with one of ours is reported when it is resolved; a test resolves them all.
    let spec = (try? ModelSpec(parsing: text, file: "preset \(name)"))
    guard let spec else { throw UnknownPreset(name: name) }
    self = spec.asPreset
  }

  private var asPreset: ModelSpec {
    ModelSpec(
      file: file, dtype: dtype, layout: layout, values: values, like: like, likeLine: likeLine,
      tensors: tensors,
      rules: rules.map { rule in
        var rule = rule
        rule.isPreset = true
        return rule
      }, lacksRules: lacksRules, diagnostics: diagnostics)
  }
}
