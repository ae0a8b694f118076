// Resolves parts.

import WinitCore
import WinitInitializers
import WinitJSON

extension Resolver {
  /// What a box has.
  private struct Content {
    let law: Law
    let record: JSONValue
    var literal: LiteralBytes?
  }

  /// Resolves a base and boxes with schemes or values of their own.
  func plan(
    _ base: ModelSpec.PartInitialization, _ parts: [ModelSpec.PartText], _ context: Context
  ) throws(LocatedProblem) -> PlannedTensor {
    let whole = try content(base, context, isRepeated: false, line: nil)
    var laws = [LawPart(box: [], of: context.shape, law: whole.law)]
    var literals: [Int: LiteralBytes] = [:]
    literals[0] = whole.literal
    var records: [JSONValue] = [["box": [], "init": whole.record]]
    for part in parts {
      let first = try box(of: part, context)
      let repetition = try repetition(of: part, first, context)
      guard laws.count + repetition.count <= 100_001 else {
        throw LocatedProblem(line: part.line, .limitExceeded, "all tensors together have more than 100000 parts")
      }
      var content = try content(
        part.initialization, context.inBox(first, fans: part.fans), isRepeated: part.repetition != nil,
        line: part.line)
      for n in 0..<repetition.count {
        let numbered = part.repetition == nil ? context : context.capturing("\(n)", as: "n")
        let box = repetition.box(n, from: first)
        if n > 0, case .literal(let text) = part.initialization {
          content.literal = try literal(text, numbered.inBox(box, fans: nil)).bytes
        }
        literals[laws.count] = content.literal
        let stream = part.stream.map { TensorName($0.filled(with: numbered.captures)).stream }
        laws.append(LawPart(box: box, of: context.shape, law: content.law, stream: stream))
      }
      records.append(record(of: part, first, content.record, repetition, context))
    }
    let law = Law.parts(laws)
    do { try law.check(context.dtype, context.shape) } catch {
      throw LocatedProblem(.invalidLaw, error.description)
    }
    return planned(
      context, law: law, record: ["scheme": "parts", "parts": .array(records)],
      literal: literals.isEmpty ? nil : .parts(literals, nil))
  }

  /// Resolves what a box has. An error for fans that the box does not have says how to give them.
  private func content(
    _ initialization: ModelSpec.PartInitialization, _ context: Context, isRepeated: Bool, line: Int?
  ) throws(LocatedProblem) -> Content {
    switch initialization {
    case .literal(let text):
      let first = isRepeated ? context.capturing("0", as: "n") : context
      return Content(
        law: .literal, record: record(of: text, context), literal: try literal(text, first).bytes)
    case .scheme(let scheme):
      do throws(LocatedProblem) {
        let (law, record) = try law(scheme, context)
        try checkWhole(law, context, line: scheme.line ?? line)
        return Content(law: law, record: record)
      } catch {
        guard error.problem.kind == .noFans, !context.box.isEmpty else { throw error }
        throw LocatedProblem(
          line: error.line, .noFans,
          "\(error.problem.message). In a part, the fans are those of its box; give the part `fans` or `fan_of` for others"
        )
      }
    }
  }

  /// Refuses a matrix or a kernel without a box in a shape that begins with axes of length 1. A law drops them in a
  /// box, and a scheme keeps them in a whole tensor.
  private func checkWhole(_ law: Law, _ context: Context, line: Int?) throws(LocatedProblem) {
    guard context.box.isEmpty, context.shape.rank > 1, context.shape.dims[0] == 1 else { return }
    switch law {
    case .eye, .dirac, .deltaOrthogonal, .sparse, .batched:
      throw LocatedProblem(
        line: line, .invalidBox,
        "\(law.name) is the base or a part without ranges, and the shape \(context.shape) begins with 1. Write it in a part with the box [[0, 1]]"
      )
    default: return
    }
  }

  /// The boxes of a part that repeats along an axis.
  private struct Boxes {
    let axis: Int
    let step: Int
    let count: Int

    func box(_ n: Int, from first: [Range<Int>]) -> [Range<Int>] {
      guard n > 0 else { return first }
      var box = first
      box[axis] = first[axis].lowerBound + n * step..<first[axis].upperBound + n * step
      return box
    }
  }

  private func repetition(
    of part: ModelSpec.PartText, _ first: [Range<Int>], _ context: Context
  ) throws(LocatedProblem) -> Boxes {
    guard let repetition = part.repetition else { return Boxes(axis: 0, step: 0, count: 1) }
    func problem(_ message: String) -> LocatedProblem { LocatedProblem(line: part.line, .invalidBox, message) }
    guard context.captures["n"] == nil else {
      throw problem(
        "`{n}` is the number of the box in a part with `repeat`; give the capture of the pattern another name")
    }
    let axis = repetition.axis
    guard first.indices.contains(axis), !first[axis].isEmpty else {
      throw problem("`repeat` names axis \(axis), on which the box needs a range that is not empty")
    }
    func integer(_ expression: Expression?, _ what: String) throws(LocatedProblem) -> Int? {
      guard let expression else { return nil }
      let number = try value(expression, "the \(what) of `repeat`", context, context.fans, line: part.line)
      guard let integer = Int(exactly: number), integer > 0 else {
        throw problem("the \(what) of `repeat` is \(JSONNumber.text(number)); it must be a whole number above 0")
      }
      return integer
    }
    let (length, rest) = (first[axis].count, context.shape.dims[axis] - first[axis].lowerBound)
    let step = try integer(repetition.step, "step") ?? length
    guard step >= length else {
      throw problem("the step of `repeat` is \(step), and the box has the length \(length); the boxes would overlap")
    }
    if let count = try integer(repetition.count, "count") {
      guard count - 1 <= (rest - length) / step else {
        throw problem(
          "\(count) boxes with a step of \(step) do not fit in the axis \(axis) of the shape \(context.shape)")
      }
      return Boxes(axis: axis, step: step, count: count)
    }
    if repetition.step != nil { return Boxes(axis: axis, step: step, count: (rest - length) / step + 1) }
    guard rest.isMultiple(of: step) else {
      throw problem(
        "boxes of the length \(step) do not divide the \(rest) indices that axis \(axis) has from the first box on; give the count"
      )
    }
    return Boxes(axis: axis, step: step, count: rest / step)
  }

  /// The record of a part. One record stands for all boxes of a part that repeats.
  private func record(
    of part: ModelSpec.PartText, _ first: [Range<Int>], _ content: JSONValue, _ boxes: Boxes, _ context: Context
  ) -> JSONValue {
    let ranges = first.map { JSONValue.array([.integer($0.lowerBound), .integer($0.upperBound)]) }
    var members: [JSONValue.Member] = [.init("box", .array(ranges)), .init("init", content)]
    if case .scheme = part.initialization { members.append(.init("fans_from", "box")) }
    if part.repetition != nil {
      members.append(
        .init("repeat", ["axis": .integer(boxes.axis), "step": .integer(boxes.step), "count": .integer(boxes.count)]))
    }
    if let stream = part.stream { members.append(.init("stream_of", .string(stream.filled(with: context.captures)))) }
    return .object(members)
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
}
