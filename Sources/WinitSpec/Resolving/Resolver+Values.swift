// Evaluates numbers: the spec's values, and the expressions of a tensor.

import WinitCore
import WinitInitializers
import WinitJSON

extension Resolver {
  mutating func evaluateValues(_ all: [Subject]) {
    for value in optionValues + spec.values {
      // The values of a preset come from the tensors to which it applies.
      func matches(_ subject: Subject, _ glob: Glob) -> Bool {
        let name = subject.name.string
        return (value.isPreset ? scope.name(name) : name).map(glob.matches) ?? false
      }
      switch value.source {
      case .count(let glob): values[value.name] = Double(all.count { matches($0, glob) })
      case .dimension(let glob, let axis):
        let shapes = all.filter { matches($0, glob) }.compactMap(\.shape?.dims)
        let dims = shapes.map { dims in
          let place = axis < 0 ? axis + dims.count : axis
          return dims.indices.contains(place) ? dims[place] : nil
        }
        if let dim = dims.first.flatMap(\.self), dims.allSatisfy({ $0 == dim }) {
          values[value.name] = Double(dim)
        } else {
          // Only an expression that uses the value reports this.
          unset[value.name] =
            "\(quoted: value.name) has no value: \(quoted: glob.text) matches no tensor with that axis, or tensors that differ in it"
        }
      case .expression(let expression): evaluate(expression, of: value)
      }
    }
  }

  private mutating func evaluate(_ expression: Expression, of value: ModelSpec.Value) {
    var missing: String?
    do throws(Expression.Failure) {
      values[value.name] = try expression.value(
        { [values, unset] name in
          missing = missing ?? unset[name]
          return values[name]
        }, dims: [])
    } catch {
      if let missing {
        unset[value.name] = missing
      } else {
        report(.noValue, value.line, "the value \(quoted: value.name) is \(quoted: expression.text): \(error.message)")
      }
    }
  }

  /// Returns the number of a name that is a capture or one of the spec's values; nil for any other name.
  func number(of name: String, _ context: Context) throws(Expression.Failure) -> Double? {
    if let text = context.captures[name] {
      guard let number = Int(text) else {
        throw Expression.Failure(message: "the capture \(quoted: name) is \(quoted: text), which is not a number")
      }
      return Double(number)
    }
    if let value = values[name] { return value }
    if let why = unset[name] { throw Expression.Failure(message: why) }
    return nil
  }

  /// Evaluates an expression of a tensor. Names are the spec's values, captures that are integers, and the fans.
  func value(
    _ expression: Expression, _ what: String, _ context: Context, _ fans: FanSource, line: Int?
  ) throws(LocatedProblem) -> Double {
    func named(_ name: String) throws(Expression.Failure) -> Double? {
      if let number = try number(of: name, context) { return number }
      guard let mode = FanMode.named[name] else { return nil }
      do throws(SchemeError) { return try context.target(fans).fans(for: name)[mode] } catch {
        throw Expression.Failure(message: error.description)
      }
    }
    do throws(Expression.Failure) { return try expression.value(named, dims: context.shape.dims) } catch {
      throw LocatedProblem(line: line, .noValue, "\(what) is \(quoted: expression.text): \(error.message)")
    }
  }
}
