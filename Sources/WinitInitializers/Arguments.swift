// Reading parameters: numbers by JSON's grammar, words from their lists.

import WinitCore
import WinitJSON

extension Arguments {
  /// A number, or nil where it was not given.
  func number(_ name: String) throws(SchemeError) -> Double? {
    guard let text = texts[name] else { return nil }
    guard let value = JSONNumber.parse(text) else {
      guard !JSONNumber.isNumber(text.utf8) else { throw .invalid("\(name) is \(text), which is too large") }
      throw .notANumber(parameter: name, text: text)
    }
    let mantissa = text.prefix { $0 != "e" && $0 != "E" }
    guard value != 0 || mantissa.allSatisfy({ "-0.".contains($0) }) else {
      throw .invalid("\(name) is \(text), which rounds to 0; give a larger one, or 0 if you mean 0")
    }
    return value
  }

  /// A standard deviation, or another scale: a number that is not negative.
  func std(_ name: String = "std", default value: Double) throws(SchemeError) -> Double {
    let std = try number(name) ?? value
    guard std >= 0 else { throw .law(.negative(name, std)) }
    return std
  }

  /// A number that must be given.
  func required(_ name: String) throws(SchemeError) -> Double {
    guard let value = try number(name) else { throw .missing(parameter: name, scheme: scheme) }
    return value
  }

  /// A whole number.
  func integer(_ name: String, default value: Int) throws(SchemeError) -> Int {
    guard let number = try number(name) else { return value }
    guard let integer = Int(exactly: number) else {
      throw .invalid("\(name) is \(texts[name] ?? ""), which is not a whole number")
    }
    return integer
  }

  /// The distribution, or the scheme's own.
  func distribution(default distribution: Distribution) throws(SchemeError) -> Distribution {
    guard let text = texts["distribution"] else { return distribution }
    // Keras's and JAX's words for it.
    if text == "untruncated_normal" { return .normal }
    guard let distribution = Distribution(rawValue: text) else {
      throw .unknownWord(
        parameter: "distribution", text: text, allowed: Distribution.allCases.map(\.rawValue))
    }
    return distribution
  }

  /// The mode, or the scheme's own.
  func mode(default mode: FanMode) throws(SchemeError) -> FanMode {
    guard let text = texts["mode"] else { return mode }
    guard let mode = FanMode(rawValue: text) else {
      throw .unknownWord(parameter: "mode", text: text, allowed: FanMode.allCases.map(\.rawValue))
    }
    return mode
  }

  /// The activation: `relu`, `leaky_relu`, `leaky_relu(0.2)`, or `leaky_relu` with a `slope` beside it.
  func activation() throws(SchemeError) -> Activation? {
    let slope = try number("slope")
    guard let text = texts["activation"] else {
      if slope != nil { throw .invalid("slope belongs to `activation: leaky_relu`, which is not given") }
      return nil
    }
    var name = text
    var inner: Double?
    if text.hasSuffix(")"), let open = text.firstIndex(of: "(") {
      name = String(text[..<open])
      let argument = text[text.index(after: open)...].dropLast()
      inner = JSONNumber.parse(argument)
      if inner == nil { throw .notANumber(parameter: "the slope in `\(text)`", text: String(argument)) }
    }
    if (slope ?? inner) != nil, name != "leaky_relu" {
      throw .invalid("only leaky_relu takes a slope; the activation is `\(name)`")
    }
    if slope != nil, inner != nil { throw .invalid("the slope is given twice: `\(text)` and slope") }
    guard let activation = Activation(name: name, slope: slope ?? inner ?? Activation.defaultSlope) else {
      throw .unknownWord(parameter: "activation", text: name, allowed: Activation.names)
    }
    return activation
  }

  /// The gain: a number, or an activation's, or the scheme's own.
  func gain(default gain: Double) throws(SchemeError) -> Double {
    let activation = try activation()
    guard let number = try number("gain") else {
      guard activation?.gain != 0 else {
        throw .invalid("the slope of leaky_relu is so large that the gain is 0")
      }
      return activation?.gain ?? gain
    }
    if activation != nil { throw .invalid("gain and activation both set the gain; give one of them") }
    guard number >= 0 else { throw .law(.negative("gain", number)) }
    return number
  }
}
