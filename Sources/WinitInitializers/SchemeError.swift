// Why a scheme cannot be resolved.

public import WinitCore

/// Why a scheme cannot be resolved for a tensor. The tensor's name is known to whoever asked.
public enum SchemeError: Error, Equatable, CustomStringConvertible {
  /// No scheme has this name.
  case unknownScheme(String)
  /// The scheme has no such parameters.
  case unknownParameters([String], scheme: String)
  /// A parameter's text is not a number.
  case notANumber(parameter: String, text: String)
  /// A parameter's text is none of its words.
  case unknownWord(parameter: String, text: String, allowed: [String])
  /// A parameter that must be given is not.
  case missing(parameter: String, scheme: String)
  /// Something else is missing, or a combination makes no sense; says which.
  case invalid(String)
  /// The scheme reads fans, and a tensor of this shape has none.
  case noFans(scheme: String, Shape)
  /// A fan is zero.
  case zeroFan(scheme: String, Shape)
  /// The numbers are not a law for the dtype.
  case law(LawError)

  /// What is wrong and what to do, for a person.
  public var description: String {
    switch self {
    case .unknownScheme(let name):
      "unknown scheme `\(name)`"
        + (name.contains("(")
          ? "; parameters are written {scheme: NAME, parameter: …}"
          : (nearest(to: name, in: Scheme.allNames).map { "; did you mean `\($0)`?" } ?? "")
            + " (`winit-registry schemes` lists them)")
    case .unknownParameters(let names, let scheme):
      names.map {
        "`\(scheme)` has no parameter `\($0)`" + SchemeError.hint($0, Scheme.parameterNames(of: scheme))
      }
      .joined(separator: "; ")
    case .notANumber(let parameter, let text):
      "\(parameter) is `\(text)`, which is not a number; numbers are written as in JSON, such as 0.02 or 1e-3"
    case .unknownWord(let parameter, let text, let allowed):
      "unknown \(parameter) `\(text)`" + SchemeError.hint(text, allowed)
    case .missing(let parameter, let scheme):
      "`\(scheme)` needs \(parameter): {scheme: \(scheme), \(parameter): …}"
    case .invalid(let message): message
    case .noFans(let scheme, let shape):
      "`\(scheme)` needs the tensor's fans, and the shape \(shape) has none (rank \(shape.rank), at least 2 is needed); write zeros, ones, {scheme: constant, value: …}, {scheme: normal, std: …} or {scheme: uniform, low: …, high: …} instead"
    case .zeroFan(let scheme, let shape):
      "`\(scheme)` divides by a fan, which is 0 for the shape \(shape); write zeros instead"
    case .law(let error): error.description
    }
  }

  private static func hint(_ word: String, _ known: [String]) -> String {
    let list = known.isEmpty ? "it takes none" : "known: " + known.joined(separator: ", ")
    if let near = nearest(to: word, in: known) { return "; did you mean `\(near)`? (\(list))" }
    return " (\(list))"
  }
}
