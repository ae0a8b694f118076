// From what an `init:` says to a law: expressions evaluated, fans read, parts laid out.

import WinitCore
import WinitInitializers
import WinitJSON

extension Resolver {
  /// What a tensor's init is resolved with.
  struct Context {
    let subject: Subject
    let shape: Shape
    let dtype: DType
    let captures: [String: String]
    let fans: FanSource
    let line: Int?
  }

  /// What is wrong, and where if it is not where the init stands.
  struct Problem: Error {
    let line: Int?
    let message: String
  }

  func plan(_ initialization: ModelSpec.Initialization, _ context: Context) throws(Problem) -> PlannedTensor {
    switch initialization {
    case .skip: throw Problem(line: nil, message: "it is skipped")
    case .scheme(let text):
      let (law, record) = try law(text, context)
      return planned(context, law: law, record: record)
    case .sameAs(let template):
      let of = TensorName(fill(template, context.captures))
      guard of != context.subject.name else {
        throw Problem(line: nil, message: "it cannot have its own values")
      }
      return planned(
        context, law: .literal, record: ["scheme": "same_as", "of": .string(of.string)], tiedTo: of)
    case .literal(nil):
      guard let bytes = context.subject.like?.bytes else {
        throw Problem(line: nil, message: "its bytes are those of `like`, which does not hold it")
      }
      guard context.subject.like?.dtype == context.dtype else {
        throw Problem(
          line: nil,
          message:
            "its bytes are those of `like`, where it is \(context.subject.like?.code ?? "?"), not \(context.dtype)"
        )
      }
      return planned(context, law: .literal, record: ["scheme": "literal", "from": "like"], literal: bytes)
    case .literal(let values?):
      return planned(
        context, law: .literal, record: ["scheme": "literal", "from": "spec"],
        literal: .given(try literal(values, context)))
    case .parts(let base, let parts): return try plan(base, parts, context)
    }
  }

  private func planned(
    _ context: Context, law: Law, record: JSONValue, tiedTo: TensorName? = nil, literal: LiteralBytes? = nil
  ) -> PlannedTensor {
    PlannedTensor(
      name: context.subject.name, shape: context.shape, dtype: context.dtype, law: law,
      streamName: context.subject.name, tiedTo: tiedTo, record: record, literal: literal)
  }

  // MARK: - Schemes

  private func law(
    _ text: ModelSpec.SchemeText, _ context: Context
  ) throws(Problem) -> (law: Law, record: JSONValue) {
    var fans = context.fans
    if let template = text.fanOf {
      let name = fill(template, context.captures)
      guard let other = subjects[TensorName(name)], let shape = other.shape else {
        throw Problem(
          line: text.line, message: "it takes the fans of `\(name)`, which is no tensor of the model")
      }
      let theirs = other.entry?.fans ?? matches[other.name]?.rule.fans ?? .layout(spec.layout)
      do throws(SchemeError) { fans = .tensor(name, try theirs.fans(of: shape, for: text.scheme.name)) } catch
      {
        throw Problem(line: text.line, message: "it takes the fans of `\(name)`: \(error)")
      }
    }
    var arguments = text.scheme.arguments
    for (key, expression) in text.expressions {
      arguments[key] = JSONNumber.text(try value(expression, key, context, fans, line: text.line))
    }
    do throws(SchemeError) {
      let scheme = try Scheme(
        text.scheme.alias ?? text.scheme.name, arguments, expressions: text.expressions.mapValues(\.text))
      let resolution = try scheme.resolve(shape: context.shape, dtype: context.dtype, fans: fans)
      var members = scheme.json.objectValue ?? []
      if resolution.scheme.name != scheme.name {
        members.append(.init("picked", .string(resolution.scheme.name)))
        members.append(.init("because", .string(resolution.reason ?? "")))
      }
      return (resolution.law, .object(members + fans.json))
    } catch { throw Problem(line: text.line, message: error.description) }
  }

  /// A number: names are the spec's values, integer captures, and the tensor's fans.
  private func value(
    _ expression: Expression, _ what: String, _ context: Context, _ fans: FanSource, line: Int?
  ) throws(Problem) -> Double {
    func named(_ name: String) throws(Expression.Failure) -> Double? {
      if let text = context.captures[name] {
        guard let number = Int(text) else {
          throw Expression.Failure(message: "`\(name)` is `\(text)` here, which is not a number")
        }
        return Double(number)
      }
      if let value = values[name] { return value }
      if let why = unset[name] { throw Expression.Failure(message: why) }
      guard ["fan_in", "fan_out", "fan_avg"].contains(name) else { return nil }
      do throws(SchemeError) {
        let fans = try fans.fans(of: context.shape, for: name)
        return name == "fan_in"
          ? Double(fans.fanIn)
          : name == "fan_out" ? Double(fans.fanOut) : (Double(fans.fanIn) + Double(fans.fanOut)) / 2
      } catch { throw Expression.Failure(message: error.description) }
    }
    do throws(Expression.Failure) { return try expression.value(named, dims: context.shape.dims) } catch {
      throw Problem(line: line, message: "\(what) is `\(expression.text)`: \(error.message)")
    }
  }

  // MARK: - Parts and literals

  private func plan(
    _ base: ModelSpec.SchemeText, _ parts: [ModelSpec.PartText], _ context: Context
  ) throws(Problem) -> PlannedTensor {
    let whole = try law(base, context)
    var laws = [LawPart(box: [], of: context.shape, law: whole.law)]
    var records: [JSONValue] = [["box": [], "init": whole.record]]
    for part in parts {
      guard part.box.count <= context.shape.rank else {
        throw Problem(
          line: part.line, message: "a box has \(part.box.count) ranges, and its shape is \(context.shape)")
      }
      var box: [Range<Int>] = []
      for (axis, range) in part.box.enumerated() {
        let start = try value(range.start, "a start of the box", context, context.fans, line: part.line)
        let stop = try value(range.stop, "a stop of the box", context, context.fans, line: part.line)
        let dim = context.shape.dims[axis]
        guard let start = Int(exactly: start), let stop = Int(exactly: stop), start >= 0, start <= stop,
          stop <= dim
        else {
          throw Problem(
            line: part.line,
            message:
              "the box's range on axis \(axis) is [\(start), \(stop)], which does not lie in 0 … \(dim)")
        }
        box.append(start..<stop)
      }
      let (law, record) = try law(part.scheme, context)
      let stream = part.stream.map { TensorName(fill($0, context.captures)) }
      laws.append(LawPart(box: box, of: context.shape, law: law, stream: stream?.stream))
      let ranges = box.map { JSONValue.array([.integer($0.lowerBound), .integer($0.upperBound)]) }
      let members: [JSONValue.Member] = [.init("box", .array(ranges)), .init("init", record)]
      records.append(.object(members + (stream.map { [.init("stream_of", .string($0.string))] } ?? [])))
    }
    let law = Law.parts(laws)
    do { try law.check(context.dtype, context.shape) } catch {
      throw Problem(line: nil, message: error.description)
    }
    return planned(context, law: law, record: ["scheme": "parts", "parts": .array(records)])
  }

  /// Given numbers in the dtype's bytes.
  private func literal(_ values: [Expression], _ context: Context) throws(Problem) -> [UInt8] {
    guard values.count == context.shape.elementCount else {
      throw Problem(
        line: nil,
        message: "it has \(context.shape.elementCount) elements, and the literal \(values.count) values")
    }
    guard let scalar = try? Shape([]) else { return [] }
    var bytes: [UInt8] = []
    for expression in values {
      let number = try value(expression, "a value of the literal", context, context.fans, line: nil)
      if context.dtype == .float64 {
        bytes += (0..<8).map { UInt8(truncatingIfNeeded: number.bitPattern >> UInt64(8 * $0)) }
        continue
      }
      do throws(LawError) {
        let one = try Recipe(
          seed: 0, stream: 0, dtype: context.dtype, shape: scalar,
          law: .constant(rounding: number, as: context.dtype))
        bytes += one.bytes(0..<1)
      } catch { throw Problem(line: nil, message: error.description) }
    }
    return bytes
  }

  /// A name with captures put in; braces in what a capture holds are themselves.
  private func fill(_ template: String, _ captures: [String: String]) -> String {
    guard !captures.isEmpty else { return template }
    var filled = String.UnicodeScalarView()
    var rest = Substring(template).unicodeScalars
    while let open = rest.firstIndex(of: "{") {
      filled.append(contentsOf: rest[..<open])
      rest = rest[rest.index(after: open)...]
      if let close = rest.firstIndex(of: "}"), let text = captures[String(rest[..<close])] {
        filled.append(contentsOf: text.unicodeScalars)
        rest = rest[rest.index(after: close)...]
      } else {
        filled.append("{")
      }
    }
    filled.append(contentsOf: rest)
    return String(filled)
  }
}
