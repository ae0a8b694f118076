// Resolves parts and literals.

import WinitCore
import WinitJSON

extension Resolver {
  /// Returns the law of a base and boxes with schemes of their own.
  func law(
    _ base: ModelSpec.SchemeText, _ parts: [ModelSpec.PartText], _ context: Context
  ) throws(LocatedProblem) -> (law: Law, record: JSONValue) {
    let whole = try law(base, context)
    var laws = [LawPart(box: [], of: context.shape, law: whole.law)]
    var records: [JSONValue] = [["box": [], "init": whole.record]]
    for part in parts {
      let box = try box(of: part, context)
      let (law, record) = try law(part.scheme, context)
      let stream = part.stream.map { TensorName($0.filled(with: context.captures)) }
      laws.append(LawPart(box: box, of: context.shape, law: law, stream: stream?.stream))
      let ranges = box.map { JSONValue.array([.integer($0.lowerBound), .integer($0.upperBound)]) }
      let members: [JSONValue.Member] = [.init("box", .array(ranges)), .init("init", record)]
      records.append(.object(members + (stream.map { [.init("stream_of", .string($0.string))] } ?? [])))
    }
    let law = Law.parts(laws)
    do { try law.check(context.dtype, context.shape) } catch {
      throw LocatedProblem(.invalidLaw, error.description)
    }
    return (law, ["scheme": "parts", "parts": .array(records)])
  }

  private func box(of part: ModelSpec.PartText, _ context: Context) throws(LocatedProblem) -> [Range<Int>] {
    guard part.box.count <= context.shape.rank else {
      throw LocatedProblem(
        line: part.line, .invalidBox, "the box has \(part.box.count) ranges, and the tensor's shape is \(context.shape)"
      )
    }
    var box: [Range<Int>] = []
    for (axis, range) in part.box.enumerated() {
      let start = try value(range.start, "a start of the box", context, context.fans, line: part.line)
      let stop = try value(range.stop, "a stop of the box", context, context.fans, line: part.line)
      let dim = context.shape.dims[axis]
      guard let first = Int(exactly: start), let end = Int(exactly: stop), first >= 0, first <= end, end <= dim
      else {
        throw LocatedProblem(
          line: part.line, .invalidBox,
          "the box's range on axis \(axis) is [\(JSONNumber.text(start)), \(JSONNumber.text(stop))]; it must be within [0, \(dim)]"
        )
      }
      box.append(first..<end)
    }
    return box
  }

  /// Returns the place of the bytes of a tensor in `like`.
  func bytesOfLike(_ context: Context) throws(LocatedProblem) -> LiteralBytes {
    guard let like = context.subject.like, let bytes = like.bytes else {
      throw LocatedProblem(.invalidLiteral, "the literal is taken from `like`, which has no tensor of this name")
    }
    guard like.dtype == context.dtype else {
      throw LocatedProblem(
        .invalidLiteral, "the literal is taken from `like`, where its dtype is \(like.code), not \(context.dtype)")
    }
    return bytes
  }

  /// Returns the bytes of numbers that the spec gives.
  func literal(_ values: [Expression], _ context: Context) throws(LocatedProblem) -> [UInt8] {
    guard values.count == context.shape.elementCount else {
      throw LocatedProblem(
        .invalidLiteral,
        "the literal has \(values.count) values, and the tensor \(context.shape.elementCount) elements")
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
      } catch { throw LocatedProblem(.invalidLaw, error.description) }
    }
    return bytes
  }
}
