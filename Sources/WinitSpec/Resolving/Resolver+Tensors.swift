// Resolves one tensor: its init, its shape and its dtype.

import WinitCore
import WinitInitializers

extension Resolver {
  /// Resolves a tensor. Returns nil for a tensor that is skipped or has a problem.
  mutating func plan(_ subject: Subject) -> PlannedTensor? {
    let (name, entry) = (subject.name, subject.entry)
    let match = matches[name]
    let kind = declaredKind(subject)
    for index in [match?.index, kind?.index].compactMap(\.self) { matched.insert(index) }
    let rule = match?.rule
    // These problems are reported already.
    if entry?.isBroken == true || entry?.initialization == nil && rule != nil && rule?.initialization == nil {
      return nil
    }
    guard let initialization = entry?.initialization ?? rule?.initialization else {
      if !spec.lacksRules { reportNoRule(subject, kind: kind?.name) }
      return nil
    }
    if case .skip = initialization { return nil }
    if entry == nil, let problem = name.problem {
      report(.invalidName, spec.likeLine, problem, tensor: name)
      return nil
    }
    guard let shape = shape(subject), let dtype = dtype(subject), isBounded(initialization) else { return nil }
    let line = entry?.initialization == nil ? rule?.initLine : entry?.initLine
    let context = Context(
      subject: subject, shape: shape, dtype: dtype, captures: match?.captures ?? [:],
      fans: entry?.fans ?? rule?.fans ?? .layout(spec.layout))
    do throws(LocatedProblem) { return try plan(initialization, context) } catch {
      report(error.problem, error.line ?? line, tensor: name)
      return nil
    }
  }

  private mutating func shape(_ subject: Subject) -> Shape? {
    guard let shape = subject.shape else {
      report(
        .noShape, subject.entry?.line, "no shape is given, and `like` has no tensor of this name",
        tensor: subject.name)
      return nil
    }
    if let other = subject.like?.shape, other != shape {
      report(
        .shapeMismatch, subject.entry?.line, "the shape is \(shape) in the spec and \(other) in \(likePath ?? "like")",
        tensor: subject.name)
      return nil
    }
    return shape
  }

  private mutating func dtype(_ subject: Subject) -> DType? {
    if let own = subject.entry?.dtype { return own }
    guard let like = subject.like else { return dtype ?? spec.dtype }
    guard let other = like.dtype else {
      report(
        .unsupportedDType, subject.line(spec),
        "the dtype is \(like.code) in \(likePath ?? "like"), which is not supported. Give the tensor another dtype under `tensors:`, or write `init: skip`",
        tensor: subject.name)
      return nil
    }
    return other.isFloatingPoint ? dtype ?? other : other
  }

  /// Counts the parts and values of an init for each tensor that has it, and reports an excess over the limits.
  private mutating func isBounded(_ initialization: ModelSpec.Initialization) -> Bool {
    let before = written
    switch initialization {
    case .parts(_, let parts): written.parts += parts.count
    case .literal(let values?): written.values += values.count
    default: break
    }
    if written.parts > 100_000, before.parts <= 100_000 {
      report(.limitExceeded, nil, "all tensors together have more than 100000 parts")
    }
    if written.values > 1_000_000, before.values <= 1_000_000 {
      report(
        .limitExceeded, nil,
        "all literals together have more than a million values. Put them into a checkpoint and write {from: like}")
    }
    return written.parts <= 100_000 && written.values <= 1_000_000
  }
}
