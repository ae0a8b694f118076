// Resolves an `init:` to a law and its record.

import WinitCore
import WinitInitializers
import WinitJSON

extension Resolver {
  /// The tensor whose init is resolved, with the values that its expressions can use.
  struct Context {
    let subject: Subject
    let shape: Shape
    let dtype: DType
    let captures: Captures
    let fans: FanSource
    /// The seed of the tensor; nil for that of the run.
    let seed: UInt64?
    /// The box that is resolved, as ranges on the leading axes; empty for the whole tensor.
    var box: [Range<Int>] = []

    /// The context of a box, with its own fans if it has any.
    func inBox(_ box: [Range<Int>], fans own: FanSource?) -> Context {
      Context(subject: subject, shape: shape, dtype: dtype, captures: captures, fans: own ?? fans, seed: seed, box: box)
    }

    /// The context with another text for a capture.
    func capturing(_ text: String, as name: String) -> Context {
      Context(
        subject: subject, shape: shape, dtype: dtype, captures: captures.setting(name, to: text), fans: fans,
        seed: seed, box: box)
    }

    /// What a scheme initializes.
    func target(_ fans: FanSource) -> TensorContext {
      TensorContext(box: box, of: shape, dtype: dtype, fans: fans)
    }
  }

  func plan(
    _ initialization: ModelSpec.Initialization, _ context: Context
  ) throws(LocatedProblem) -> PlannedTensor? {
    switch initialization {
    case .skip: return nil
    case .scheme(let text):
      let (law, record) = try law(text, context)
      return planned(context, law: law, record: record)
    case .sameAs(let template):
      let target = TensorName(template.filled(with: context.captures))
      guard target != context.subject.name else {
        throw LocatedProblem(.invalidTie, "the target of same_as is the tensor itself; name another tensor")
      }
      return planned(
        context, law: .literal, record: ["scheme": "same_as", "of": .string(target.string)], tiedTo: target)
    case .normOf(let template, let axes):
      let target = TensorName(template.filled(with: context.captures))
      return planned(context, law: .normOf(target, axes: axes), record: .null)
    case .literal(let text):
      let (bytes, record) = try literal(text, context)
      return planned(
        context, law: .literal, record: .object((record.objectValue ?? []) + context.fans.json), literal: bytes)
    case .parts(let base, let parts): return try plan(base, parts, context)
    }
  }

  func planned(
    _ context: Context, law: Law, record: JSONValue, tiedTo: TensorName? = nil, literal: LiteralBytes? = nil
  ) -> PlannedTensor {
    PlannedTensor(
      name: context.subject.name, shape: context.shape, dtype: context.dtype, law: law,
      streamName: context.subject.name, tiedTo: tiedTo, record: record, literal: literal, seed: context.seed)
  }

  /// Returns the law of a scheme, and the scheme's record with the source of its fans.
  func law(
    _ text: ModelSpec.SchemeText, _ context: Context
  ) throws(LocatedProblem) -> (law: Law, record: JSONValue) {
    let fans = try fans(of: text, context)
    var (numbers, texts) = ([String: Double](), [String: String]())
    for (parameter, expression) in text.expressions {
      numbers[parameter] = try value(expression, parameter, context, fans, line: text.line)
      texts[parameter] = expression.text
    }
    let names = try names(of: text, context)
    do throws(SchemeError) {
      let scheme = try text.scheme.adding(numbers, from: texts, names: names)
      let resolution = try scheme.resolve(context.target(fans))
      var members = scheme.json.objectValue ?? []
      if resolution.scheme.name != scheme.name {
        members.append(.init("picked", .string(resolution.scheme.name)))
        members.append(.init("because", .string(resolution.reason ?? "")))
      }
      return (resolution.law, .object(members + fans.json))
    } catch { throw LocatedProblem(line: text.line, SpecProblem(error)) }
  }

  /// Returns the numbers of the names in the expression of an element. Its fans are those of the tensor or the box, and
  /// the scheme finds them.
  private func names(of text: ModelSpec.SchemeText, _ context: Context) throws(LocatedProblem) -> [String: Double] {
    var numbers: [String: Double] = [:]
    do throws(Expression.Failure) {
      for name in try text.scheme.elementExpression?.names ?? [] {
        numbers[name] = try number(of: name, context)
      }
    } catch {
      let expression = text.scheme.arguments["value"].map { "\($0.text)" } ?? ""
      throw LocatedProblem(line: text.line, .noValue, "value is \(quoted: expression): \(error.message)")
    }
    return numbers
  }

  /// Returns the source of the fans: that of the tensor, or the fans of the tensor that `fan_of` names.
  private func fans(of text: ModelSpec.SchemeText, _ context: Context) throws(LocatedProblem) -> FanSource {
    guard let template = text.fanOf else { return context.fans }
    let name = template.filled(with: context.captures)
    guard let other = subjects[TensorName(name)], let shape = other.shape else {
      throw LocatedProblem(
        line: text.line, .unknownTensor, "fan_of names \(quoted: name), which is not a tensor of this model")
    }
    let source = other.entry?.fans ?? matches[other.name]?.rule.fans ?? .layout(spec.layout)
    do throws(SchemeError) { return .tensor(name, try source.fans(of: shape, for: text.scheme.name)) } catch {
      throw LocatedProblem(
        line: text.line, SpecProblem(SpecProblem.Kind(error), "fan_of names \(quoted: name): \(error)"))
    }
  }
}
