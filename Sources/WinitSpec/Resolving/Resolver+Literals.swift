// Resolves literals.

import WinitCore
import WinitInitializers
import WinitJSON

extension Resolver {
  /// Returns the place of the bytes of a literal, for a tensor or a box, and its record.
  func literal(
    _ text: ModelSpec.LiteralText, _ context: Context
  ) throws(LocatedProblem) -> (bytes: LiteralBytes, record: JSONValue) {
    let bytes: LiteralBytes =
      switch text {
      case .like(let of): try bytesOfLike(of, context)
      case .values(let values): .given(try literal(values, context))
      }
    return (bytes, record(of: text, context))
  }

  /// The record of a literal.
  func record(of text: ModelSpec.LiteralText, _ context: Context) -> JSONValue {
    switch text {
    case .values: ["scheme": "literal", "from": "spec"]
    case .like(nil): ["scheme": "literal", "from": "like"]
    case .like(let of?): ["scheme": "literal", "from": "like", "of": .string(of.filled(with: context.captures))]
    }
  }

  /// Returns the place of the bytes of a tensor in `like`.
  private func bytesOfLike(_ of: NameTemplate?, _ context: Context) throws(LocatedProblem) -> LiteralBytes {
    let name = of.map { TensorName($0.filled(with: context.captures)) }
    let source = name.map { "\(quoted: $0) of `like`" } ?? "`like`"
    guard let like = name.map({ subjects[$0]?.like }) ?? context.subject.like, let bytes = like.bytes else {
      throw LocatedProblem(
        .invalidLiteral,
        "the literal is taken from `like`, which has no tensor \(name.map { "\(quoted: $0)" } ?? "of this name")")
    }
    guard like.dtype == context.dtype else {
      throw LocatedProblem(
        .invalidLiteral, "the literal is taken from \(source), where its dtype is \(like.dtype), not \(context.dtype)")
    }
    let target = context.target(context.fans)
    guard like.shape == target.box || like.shape == target.shape else {
      throw LocatedProblem(
        .invalidLiteral,
        "the literal is taken from \(source), where its shape is \(like.shape), not \(target.shape)\(context.box.isEmpty ? "" : " as that of the box")"
      )
    }
    return bytes
  }

  /// Returns the bytes of numbers that the spec gives.
  private func literal(_ values: [Expression], _ context: Context) throws(LocatedProblem) -> [UInt8] {
    let count = context.target(context.fans).box.elementCount
    guard values.count == count else {
      throw LocatedProblem(
        .invalidLiteral,
        "the literal has \(values.count) values, and the \(context.box.isEmpty ? "tensor" : "box") \(count) elements")
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
        bytes += one.constantBytes
      } catch { throw LocatedProblem(.invalidLaw, error.description) }
    }
    return bytes
  }
}
