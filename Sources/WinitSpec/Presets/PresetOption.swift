// Options of a preset, as a preset declares them.

package import WinitJSON

/// The value of an option.
package enum PresetValue: Sendable, Hashable {
  case boolean(Bool)
  case number(Double)
  /// No value: a feature that the model does not have, such as a padding row.
  case none

  /// The value as it is recorded.
  package var json: JSONValue {
    switch self {
    case .boolean(let value): .bool(value)
    case .number(let value): .number(value)
    case .none: .null
    }
  }
}

/// An option of a preset: something that the names and shapes of the tensors do not show.
package struct PresetOption: Sendable {
  /// The values that an option takes.
  package enum Kind: String, Sendable, CaseIterable {
    /// `true` or `false`.
    case boolean
    /// An integer.
    case integer
    /// A number.
    case number
    /// A row of a tensor, or none. A negative row counts from the end.
    case row
  }

  /// The value of an option that nothing sets.
  enum Fallback: Sendable {
    case boolean(Bool)
    case none
    case value(ModelSpec.Value.Source)
  }

  package let name: String
  package let kind: Kind
  let fallback: Fallback
  /// The default as the preset writes it.
  package let fallbackText: String
  /// The key of a model's `config.json` that sets the option; nil for none.
  package let configurationKey: String?
  /// What the option means.
  package let about: String
  let line: Int

  /// The values that the option takes, for an error.
  var expected: String {
    switch kind {
    case .boolean: "true or false"
    case .integer: "an integer"
    case .number: "a number"
    case .row: "an integer, or none"
    }
  }

  /// Returns the value of a text; nil if the option does not take it.
  func value(_ text: String) -> PresetValue? {
    if kind == .boolean { return Bool(text).map { .boolean($0) } }
    if text == "none" { return kind == .row ? PresetValue.none : nil }
    return JSONNumber.parse(text).flatMap(checked)
  }

  /// Returns the value of a member of `config.json`; nil if the option does not take it.
  func value(_ json: JSONValue) -> PresetValue? {
    switch (kind, json) {
    case (.boolean, .bool(let value)): .boolean(value)
    case (.integer, .number(let number)), (.number, .number(let number)), (.row, .number(let number)): checked(number)
    case (.row, .null): PresetValue.none
    default: nil
    }
  }

  private func checked(_ number: Double) -> PresetValue? {
    guard number.isFinite, kind == .number || JSONValue.number(number).integerValue != nil else { return nil }
    return .number(number)
  }
}
