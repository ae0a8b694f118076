// Errors of schemes.

package import WinitCore
import WinitJSON

/// The reason why a scheme cannot be resolved for a tensor. The message does not name the tensor, because the caller
/// does.
package enum SchemeError: Error, Equatable, CustomStringConvertible {
  /// No scheme has this name.
  case unknownScheme(String)
  /// The scheme does not have these parameters.
  case unknownParameters([String], scheme: String)
  /// A parameter's text is not a number.
  case notANumber(parameter: String, text: String)
  /// A number is not one that the parameter takes; `needs` says which ones it takes.
  case outOfRange(parameter: String, text: String, needs: String)
  /// A parameter's word is not one of those that it takes.
  case unknownWord(parameter: String, text: String, allowed: [String])
  /// A required parameter is not given.
  case missing(parameter: String, scheme: String)
  /// Parameters exclude or need each other; the message says how.
  case conflictingParameters([String], String)
  /// The scheme is not defined for the tensor's layout or fans; `needs` says for which.
  case unsupportedLayout(scheme: String, needs: String)
  /// Axes of `fans` do not fit the tensor's shape; the message says which.
  case invalidAxes(String)
  /// The scheme needs fans, and a tensor of this shape has none.
  case noFans(scheme: String, Shape)
  /// A fan is 0.
  case zeroFan(scheme: String, Shape)
  /// An expression has no value for the tensor; the message says why.
  case noValue(parameter: String, text: String, String)
  /// The numbers are not a law for the dtype and the shape.
  case law(LawError)
  /// A record is not that of a scheme; the message says why.
  case invalidRecord(String)

  /// A message for people: what is wrong and what to do.
  package var description: String {
    switch self {
    case .unknownScheme(let name): "unknown scheme \(quoted: name)" + SchemeError.remedy(unknown: name)
    case .unknownParameters(let names, let scheme):
      names.map {
        "\(quoted: scheme) has no parameter \(quoted: $0)" + SchemeError.hint($0, Scheme.parameterNames(of: scheme))
      }
      .joined(separator: "; ")
    case .notANumber(let parameter, let text):
      "\(parameter) is \(quoted: text), which is not a number. Write numbers as in JSON, such as 0.02 or 1e-3"
    case .outOfRange(let parameter, let text, let needs): "\(parameter) is \(text); it must be \(needs)"
    case .unknownWord(let parameter, let text, let allowed):
      "unknown \(parameter) \(quoted: text)" + SchemeError.hint(text, allowed)
    case .missing(let parameter, let scheme):
      "\(quoted: scheme) needs \(parameter): {scheme: \(scheme), \(parameter): …}"
    case .conflictingParameters(_, let message), .invalidAxes(let message), .invalidRecord(let message): message
    case .unsupportedLayout(let scheme, let needs): "\(quoted: scheme) is defined for \(needs) only"
    case .noFans(let scheme, let shape):
      "\(quoted: scheme) needs the tensor's fans, and the shape \(shape) of rank \(shape.rank) has none. Write zeros, ones, {scheme: constant, value: …}, {scheme: normal, std: …} or {scheme: uniform, low: …, high: …} instead"
    case .zeroFan(let scheme, let shape):
      "\(quoted: scheme) divides by a fan, which is 0 for the shape \(shape). Write zeros instead"
    case .noValue(let parameter, let text, let message): "\(parameter) is \(quoted: text): \(message)"
    case .law(let error): error.description
    }
  }

  private static func remedy(unknown name: String) -> String {
    if name.contains("(") { return ". Write parameters as {scheme: NAME, parameter: …}" }
    let near = nearest(to: name, in: Scheme.allNames).map { "; did you mean \(quoted: $0)?" } ?? ""
    return near + " (`winit-registry schemes` lists them)"
  }

  private static func hint(_ word: String, _ known: [String]) -> String {
    let list = known.isEmpty ? "it takes none" : "known: " + known.joined(separator: ", ")
    if let near = nearest(to: word, in: known) { return "; did you mean \(quoted: near)? (\(list))" }
    return " (\(list))"
  }
}
