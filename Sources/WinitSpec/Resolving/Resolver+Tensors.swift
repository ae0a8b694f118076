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
    if case .skip = initialization {
      skipped.append(name)
      return nil
    }
    if entry == nil, let problem = name.problem {
      report(.invalidName, spec.likeLine, problem, tensor: name)
      return nil
    }
    guard let shape = shape(subject, initialization), let dtype = dtype(subject), isBounded(initialization) else {
      return nil
    }
    let line = entry?.initialization == nil ? rule?.initLine : entry?.initLine
    let context = Context(
      subject: subject, shape: shape, dtype: dtype,
      captures: (entry?.initialization == nil ? match?.captures : match.map { Captures($0.captures.texts) })
        ?? Captures(),
      fans: entry?.fans ?? rule?.fans ?? .layout(spec.layout), seed: entry?.seed ?? rule?.seed)
    do throws(LocatedProblem) {
      let tensor = try plan(initialization, context)
      return count(tensor, initialization) ? tensor : nil
    } catch {
      let remedy = entry?.initialization == nil ? optionRemedy(rule) : ""
      report(error.problem.kind, error.line ?? line, error.problem.message + remedy, tensor: name)
      return nil
    }
  }

  private mutating func shape(_ subject: Subject, _ initialization: ModelSpec.Initialization) -> Shape? {
    guard let shape = subject.shape else {
      report(
        .noShape, subject.entry?.line, "no shape is given, and `like` has no tensor of this name",
        tensor: subject.name)
      return nil
    }
    if let other = subject.like?.shape, other != shape, !initialization.canHaveAnotherShape {
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
    return like.dtype.isFloatingPoint ? dtype ?? like.dtype : like.dtype
  }

  /// Counts the parts and values of an init for each tensor that has it, and reports an excess over the limits.
  private mutating func isBounded(_ initialization: ModelSpec.Initialization) -> Bool {
    let before = written
    switch initialization {
    case .parts(let base, let parts):
      written.parts += parts.count
      written.values += ([base] + parts.map(\.initialization)).reduce(0) { $0 + $1.valueCount }
    case .literal(let literal): written.values += literal.valueCount
    default: break
    }
    return isBounded(since: before)
  }

  /// Counts the boxes of parts that repeat.
  private mutating func count(_ tensor: PlannedTensor?, _ initialization: ModelSpec.Initialization) -> Bool {
    let before = written
    if case .parts(_, let parts) = initialization, case .parts(let boxes) = tensor?.law {
      written.parts += boxes.count - 1 - parts.count
    }
    return isBounded(since: before)
  }

  private mutating func isBounded(since before: (parts: Int, values: Int)) -> Bool {
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

extension ModelSpec.Initialization {
  /// Whether the tensor may have another shape than the tensor of `like` with its name, because the init takes what it
  /// needs of `like` itself.
  fileprivate var canHaveAnotherShape: Bool {
    switch self {
    case .literal(.like(let name)): name != nil
    case .parts(let base, let parts):
      ([base] + parts.map(\.initialization)).contains { if case .literal(.like) = $0 { true } else { false } }
    default: false
    }
  }
}

extension ModelSpec.PartInitialization {
  /// The number of literal values that the spec gives.
  fileprivate var valueCount: Int { if case .literal(let literal) = self { literal.valueCount } else { 0 } }
}

extension ModelSpec.LiteralText {
  /// The number of literal values that the spec gives.
  fileprivate var valueCount: Int { if case .values(let values) = self { values.count } else { 0 } }
}
