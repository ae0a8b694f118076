// The JSON of `preset`.

package import WinitJSON

/// The names of presets.
package struct PresetListReport: Sendable, JSONReport {
  package let names: [String]

  package init(names: [String]) { self.names = names }

  package var jsonValue: JSONValue { ["presets": .strings(names)] }
}
