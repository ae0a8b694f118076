// The reader of a scheme's arguments by kind: numbers, words, distributions, modes, activations.

import WinitCore
import WinitJSON

/// The arguments of a scheme, read as its law needs them.
struct ArgumentReader {
  /// The name of the scheme, for errors.
  let scheme: String
  /// The arguments that were given.
  let given: [String: SchemeArgument]
  /// The numbers of the names in the expression of an element.
  let names: [String: Double]

  init(_ scheme: Scheme) { (self.scheme, given, names) = (scheme.name, scheme.arguments, scheme.names) }

  func has(_ name: String) -> Bool { given[name] != nil }

  /// Returns a word; nil if it was not given.
  func word(_ name: String) -> String? { given[name]?.text }

  /// Returns a number; nil if it was not given.
  func number(_ name: String) throws(SchemeError) -> Double? {
    guard let argument = given[name] else { return nil }
    guard case .number(let value, _) = argument, value.isFinite else {
      let text = argument.text
      guard !JSONNumber.isNumber(text.utf8) else {
        throw .outOfRange(parameter: name, text: text, needs: "less than 1.8e308 in size")
      }
      throw .notANumber(parameter: name, text: text)
    }
    guard !argument.roundsToZero else {
      throw .outOfRange(parameter: name, text: argument.text, needs: "0, or large enough not to round to 0")
    }
    return value
  }

  /// Returns a standard deviation that may be negative: −std gives the negatives of the draws of std.
  func signedStd(default value: Double) throws(SchemeError) -> Double { try number("std") ?? value }

  /// Returns a standard deviation or another scale, which must not be negative.
  func std(_ name: String = "std", default value: Double) throws(SchemeError) -> Double {
    let std = try number(name) ?? value
    guard std >= 0 else { throw .law(.negative(name, std)) }
    return std
  }

  /// Returns a number that must be above 0, such as a scale.
  func positive(_ name: String, default value: Double) throws(SchemeError) -> Double {
    let number = try number(name) ?? value
    guard number > 0 else {
      throw .outOfRange(parameter: name, text: word(name) ?? JSONNumber.text(number), needs: "above 0")
    }
    return number
  }

  /// Returns a number that must be given.
  func required(_ name: String) throws(SchemeError) -> Double {
    guard let value = try number(name) else { throw .missing(parameter: name, scheme: scheme) }
    return value
  }

  /// Returns a number that must be whole.
  func integer(_ name: String, default value: Int) throws(SchemeError) -> Int {
    guard let number = try number(name) else { return value }
    guard let integer = Int(exactly: number) else {
      throw .outOfRange(parameter: name, text: word(name) ?? "", needs: "a whole number")
    }
    return integer
  }

  /// Returns an axis of the tensor, from 0. Negative ones count from the end.
  func axis(default value: Int, of tensor: TensorContext) throws(SchemeError) -> Int {
    let axis = try integer("axis", default: value)
    let place = axis < 0 ? axis + tensor.tensor.rank : axis
    guard tensor.tensor.dims.indices.contains(place) else {
      throw .outOfRange(parameter: "axis", text: "\(axis)", needs: "an axis of the shape \(tensor.tensor)")
    }
    return place
  }

  /// Returns `true` or `false`.
  func flag(_ name: String, default value: Bool) throws(SchemeError) -> Bool {
    guard let text = word(name) else { return value }
    guard let flag = Bool(text) else { throw .unknownWord(parameter: name, text: text, allowed: ["true", "false"]) }
    return flag
  }

  /// Returns the value of a constant: a number, or `true` or `false` for a boolean tensor. For an integer tensor, an
  /// integer beyond 2⁵³ is an error, even if binary64 rounds it to an integer that the dtype represents.
  func constant(_ name: String, default fallback: Double? = nil, for dtype: DType) throws(SchemeError) -> Double {
    guard let argument = given[name] else {
      guard let fallback else { throw .missing(parameter: name, scheme: scheme) }
      return fallback
    }
    if dtype == .bool, let flag = Bool(argument.text) { return flag ? 1 : 0 }
    let value = try required(name)
    if let range = dtype.constantRange {
      let text = argument.text
      guard Int64(text).map(range.contains) ?? (value.magnitude < 0x1p53) else {
        throw .outOfRange(
          parameter: name, text: text,
          needs: "an integer from \(range.lowerBound) to \(range.upperBound) for \(dtype)")
      }
    }
    return value
  }

  /// Returns the distribution that was given, or the default.
  func distribution(default distribution: Scheme.Distribution) throws(SchemeError) -> Scheme.Distribution {
    guard let text = word("distribution") else { return distribution }
    // Keras and JAX also write untruncated_normal.
    if text == "untruncated_normal" { return .normal }
    guard let distribution = Scheme.Distribution(rawValue: text) else {
      throw .unknownWord(
        parameter: "distribution", text: text, allowed: Scheme.Distribution.allCases.map(\.rawValue))
    }
    return distribution
  }

  /// Returns the mode that was given, or the default.
  func mode(default mode: FanMode) throws(SchemeError) -> FanMode {
    guard let text = word("mode") else { return mode }
    guard let mode = FanMode(rawValue: text) else {
      throw .unknownWord(parameter: "mode", text: text, allowed: FanMode.allCases.map(\.rawValue))
    }
    return mode
  }

  /// Returns the activation: `relu`, `leaky_relu`, `leaky_relu(0.2)`, or `leaky_relu` with the parameter `slope`.
  func activation() throws(SchemeError) -> Activation? {
    let slope = try number("slope")
    guard let text = word("activation") else {
      if slope != nil {
        throw .conflictingParameters(["slope"], "slope needs `activation: leaky_relu`, which is not given")
      }
      return nil
    }
    var name = text
    var inner: Double?
    if text.hasSuffix(")"), let open = text.firstIndex(of: "(") {
      name = String(text[..<open])
      let argument = text[text.index(after: open)...].dropLast()
      inner = JSONNumber.parse(argument)
      if inner == nil { throw .notANumber(parameter: "the slope in \(quoted: text)", text: String(argument)) }
    }
    if (slope ?? inner) != nil, name != "leaky_relu" {
      throw .conflictingParameters(
        ["activation", "slope"], "only leaky_relu takes a slope; the activation is \(quoted: name)")
    }
    if slope != nil, inner != nil {
      throw .conflictingParameters(
        ["activation", "slope"], "\(quoted: text) and slope both give the slope; give one of them")
    }
    guard let activation = Activation(name: name, slope: slope ?? inner ?? Activation.defaultSlope) else {
      throw .unknownWord(parameter: "activation", text: name, allowed: Activation.names)
    }
    return activation
  }

  /// Returns the gain: the number that was given, the gain of the activation, or the default.
  func gain(default gain: Double) throws(SchemeError) -> Double {
    let activation = try activation()
    guard let number = try number("gain") else {
      guard activation?.gain != 0 else {
        throw .outOfRange(parameter: "the gain", text: "0", needs: "above 0; the slope of leaky_relu is too large")
      }
      return activation?.gain ?? gain
    }
    if activation != nil {
      throw .conflictingParameters(["gain", "activation"], "gain and activation both set the gain; give one of them")
    }
    guard number >= 0 else { throw .law(.negative("gain", number)) }
    return number
  }
}
