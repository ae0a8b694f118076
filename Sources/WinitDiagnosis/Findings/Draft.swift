// A finding about one tensor or layer, before findings of one family are folded.

import WinitCore

/// A finding about one tensor or layer.
struct Draft {
  var code: Finding.Code
  var severity: Finding.Severity
  /// The tensor; nil for a finding about a layer alone.
  var tensor: TensorName?
  var layer: TensorName?
  /// The place of the tensor, by which findings are ordered.
  var order: Int
  /// Drafts of one family are folded if their variants are equal.
  var variant = ""
  /// What is folded with drafts of other names, such as the weights of one cloned layer; nil for those of one family.
  var group: Group?
  /// The number that differs among the drafts of a family.
  var value: Double?
  /// Returns the message with the text of the number, or of the range of numbers.
  var message: @Sendable (String) -> String
  var remedy: Remedy?

  init(
    _ code: Finding.Code, _ severity: Finding.Severity, _ tensor: ObservedTensor, at order: Int,
    layer: TensorName? = nil, variant: String = "", value: Double? = nil, remedy: Remedy? = nil,
    message: @escaping @Sendable (String) -> String
  ) {
    (self.code, self.severity, self.tensor, self.layer) = (code, severity, tensor.name, layer)
    (self.order, self.variant, self.value) = (order, variant, value)
    (self.message, self.remedy) = (message, remedy)
  }

  init(
    _ code: Finding.Code, _ severity: Finding.Severity, layer: String, at order: Int, variant: String = "",
    value: Double? = nil, remedy: Remedy? = nil, message: @escaping @Sendable (String) -> String
  ) {
    (self.code, self.severity, self.tensor, self.layer) = (code, severity, nil, TensorName(layer))
    (self.order, self.variant, self.value) = (order, variant, value)
    (self.message, self.remedy) = (message, remedy)
  }

  /// The finding without others of its family.
  var finding: Finding {
    Finding(
      code, severity, tensor: tensor?.string, layer: layer?.string,
      message: message(value.map(NumberText.of) ?? ""), fix: remedy?.line)
  }
}

extension Draft {
  /// A fault of several weights of a layer.
  struct Group {
    /// The names that are folded: those of layers, with `#` for each number.
    let pattern: TensorName
    /// The message for several weights.
    let message: String
  }
}

/// The line of a spec that removes the cause of a finding.
enum Remedy: Hashable {
  /// A rule that gives tensors an init, as it is written in the spec.
  case rule(TensorName, initializer: String)
  /// Another line of the spec.
  case line(String)

  var line: String? {
    switch self {
    case .rule(let name, let initializer): Remedy.rule(matching: name.string, initializer)
    case .line(let line): line
    }
  }

  /// Returns a rule for the names that match a pattern; nil for a name with characters of patterns, which no rule can
  /// name alone.
  static func rule(matching pattern: String, _ initializer: String, isPattern: Bool = false) -> String? {
    guard isPattern || !pattern.contains(where: { "*?{".contains($0) }) else { return nil }
    return "- {match: \(quoted(pattern)), init: \(initializer)}"
  }

  /// Returns a text as a double-quoted scalar of YAML.
  static func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case _
      where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || scalar.value == 0xFEFF
        || (0x2028...0x2029).contains(scalar.value):
        let digits = String(scalar.value, radix: 16, uppercase: true)
        out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out + "\""
  }
}
