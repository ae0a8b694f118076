// The scheme whose elements are an expression.

import WinitCore

extension SchemeDefinition {
  static let expression = SchemeDefinition(
    "expression", [.word("value")],
    formula: "value, a function of the element's draw and of its coordinates index[0], index[1], …",
    use: "initializations that no other scheme names, such as log(uniform(0, 16)); docs/spec.md lists the functions",
    source: "docs/law.md, Expressions"
  ) { arguments, tensor throws(SchemeError) in
    guard let text = arguments.word("value") else { throw .missing(parameter: "value", scheme: "expression") }
    do throws(Expression.Failure) {
      let (tree, draw) = try Expression(parsing: text).element(
        { name throws(Expression.Failure) in
          if let number = arguments.names[name] { return number }
          guard let mode = FanMode.named[name] else { return nil }
          do throws(SchemeError) { return try tensor.fans(for: name)[mode] } catch {
            throw Expression.Failure(message: error.description)
          }
        }, dims: tensor.tensor.dims)
      do throws(LawError) { return try .expression(tree, draw: draw, dtype: tensor.dtype) } catch {
        throw Expression.Failure(message: error.description)
      }
    } catch { throw .noValue(parameter: "value", text: text, error.message) }
  }
}
