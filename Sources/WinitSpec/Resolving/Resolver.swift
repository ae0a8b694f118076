// Decides every tensor of a spec. Goes on after an error, so that one run reports them all.

import WinitCore
import WinitInitializers

struct Resolver {
  /// A tensor before its law is known.
  struct Subject {
    let name: TensorName
    let entry: ModelSpec.TensorEntry?
    let like: LikeTensor?
    let shape: Shape?

    /// The line to point at when nothing nearer is known.
    func line(_ spec: ModelSpec) -> Int? { entry?.line ?? spec.likeLine }
  }

  /// The rule that decides a tensor, and what its pattern captured.
  struct Match {
    let index: Int
    let rule: ModelSpec.Rule
    let captures: [String: String]
  }

  let spec: ModelSpec
  let dtype: DType?
  let likePath: String?
  var diagnostics: [SpecDiagnostic] = []
  var matched: Set<Int> = []
  var subjects: [TensorName: Subject] = [:]
  /// The rule of each tensor that has one; tensors ask for each other's too.
  var matches: [TensorName: Match] = [:]
  /// How many parts and values of literals there are so far, in all tensors.
  private var written = (parts: 0, values: 0)
  var values: [String: Double] = [:]
  /// Values that cannot be had from these tensors, and why.
  var unset: [String: String] = [:]

  init(spec: ModelSpec, dtype: DType?, likePath: String?) {
    self.spec = spec
    self.dtype = dtype
    self.likePath = likePath
  }

  mutating func plan(like: [LikeTensor]) throws(SpecError) -> Plan {
    if let dtype, !dtype.isFloatingPoint {
      report(
        nil, nil,
        "--dtype \(dtype) is not a floating-point dtype; integer tensors have their dtypes in the spec")
    }
    let own = Dictionary(spec.tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let taken = Set(like.map(\.name))
    let all =
      like.map { tensor in
        let entry = own[tensor.name]
        return Subject(name: tensor.name, entry: entry, like: tensor, shape: entry?.shape ?? tensor.shape)
      }
      + spec.tensors.filter { !taken.contains($0.name) }.map {
        Subject(name: $0.name, entry: $0, like: nil, shape: $0.shape)
      }
    subjects = Dictionary(all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    for subject in all { matches[subject.name] = match(subject) }
    evaluateValues(all)
    var planned = all.compactMap { plan($0) }
    tie(&planned)
    checkStreams(planned)
    let idle = spec.rules.indices.filter { !matched.contains($0) }.map { spec.rules[$0] }
    for rule in idle {
      // A pattern that matches nothing may hide a number that is wrong.
      guard case .scheme(let text) = rule.initialization, text.expressions.isEmpty else { continue }
      do { try text.scheme.checkArguments() } catch { report(rule.initLine, nil, error.description) }
    }
    let problems = spec.diagnostics + diagnostics
    guard problems.isEmpty else { throw SpecError(problems) }
    guard !planned.isEmpty else {
      throw SpecError([
        SpecDiagnostic(
          file: spec.file, line: nil, tensor: nil,
          message: "it describes no tensor; give tensors, or like, and rules that do not skip them all")
      ])
    }
    return Plan(
      tensors: planned,
      warnings: idle.filter { !$0.isPreset }.map {
        SpecDiagnostic(
          file: spec.file, line: $0.line, tensor: nil,
          message:
            "the rule for `\($0.match.text)` matches no tensor, or only ones that an earlier rule takes")
      })
  }

  mutating func report(_ line: Int?, _ tensor: TensorName?, _ message: String) {
    diagnostics.append(SpecDiagnostic(file: spec.file, line: line, tensor: tensor, message: message))
  }

  private mutating func evaluateValues(_ all: [Subject]) {
    for value in spec.values {
      switch value.source {
      case .count(let glob): values[value.name] = Double(all.count { glob.matches($0.name.string) })
      case .dimension(let glob, let axis):
        let shapes = all.filter { glob.matches($0.name.string) }.compactMap(\.shape?.dims)
        let dims = shapes.map { dims in
          let place = axis < 0 ? axis + dims.count : axis
          return dims.indices.contains(place) ? dims[place] : nil
        }
        if let dim = dims.first.flatMap(\.self), dims.allSatisfy({ $0 == dim }) {
          values[value.name] = Double(dim)
        } else {
          // A rule that needs it says so; one that does not need not care.
          unset[value.name] =
            "`\(value.name)` has no value: `\(glob.text)` matches no tensor with that axis, or ones that differ there"
        }
      case .expression(let expression):
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
            report(value.line, nil, "the value `\(value.name)` is `\(expression.text)`: \(error.message)")
          }
        }
      }
    }
  }

  /// The kind of module that a tensor is declared to belong to.
  private func declaredKind(_ subject: Subject) -> (index: Int, name: String)? {
    for (index, rule) in spec.rules.enumerated() where rule.declaresKind {
      guard rule.rank == nil || rule.rank == subject.shape?.rank, rule.match.matches(subject.name.string),
        let name = rule.kind
      else { continue }
      return (index, name)
    }
    return nil
  }

  /// The first rule whose kind, pattern, rank and dtype fit.
  func match(_ subject: Subject) -> Match? {
    let kind = declaredKind(subject)
    for (index, rule) in spec.rules.enumerated() where !rule.declaresKind {
      if let wanted = rule.kind, wanted != kind?.name { continue }
      if let rank = rule.rank, rank != subject.shape?.rank { continue }
      if let wanted = rule.isFloatingPoint {
        let dtype = subject.entry?.dtype ?? (subject.like == nil ? spec.dtype : subject.like?.dtype)
        guard dtype?.isFloatingPoint == wanted else { continue }
      }
      guard let captures = rule.match.captured(subject.name.string) else { continue }
      return Match(index: index, rule: rule, captures: captures)
    }
    return nil
  }

  private mutating func plan(_ subject: Subject) -> PlannedTensor? {
    let (name, entry, like) = (subject.name, subject.entry, subject.like)
    let match = matches[name]
    if let match { matched.insert(match.index) }
    let kind = declaredKind(subject)
    if let kind { matched.insert(kind.index) }
    let rule = match?.rule
    // What is broken has been reported.
    if entry?.isBroken == true || entry?.initialization == nil && rule != nil && rule?.initialization == nil {
      return nil
    }
    guard let initialization = entry?.initialization ?? rule?.initialization else {
      if spec.lacksRules { return nil }
      let place = like == nil ? "" : likePath.map { " (from \($0))" } ?? ""
      if spec.rules.contains(where: { $0.kind != nil && !$0.declaresKind }) {
        let known = Set(spec.rules.filter { !$0.declaresKind }.compactMap(\.kind)).sorted().prefix(40)
          .joined(separator: ", ")
        let what =
          kind.map { "its kind is \($0.name), for which the preset has no rule for this name and shape" }
          ?? "a name and a shape do not say what module it belongs to; declare it: {match: \"\(name)\", kind: …}"
        report(
          subject.line(spec), name,
          "no rule matches it\(place): \(what) (kinds: \(known)); or give it an init")
        return nil
      }
      report(
        subject.line(spec), name,
        "no rule matches it\(place); add one, such as {match: \"*\", init: …}, or `init: skip` to leave out a tensor of like"
      )
      return nil
    }
    if case .skip = initialization { return nil }
    if entry == nil, let problem = name.problem {
      report(spec.likeLine, name, problem)
      return nil
    }
    guard let shape = subject.shape else {
      report(entry?.line, name, "it has no shape, and no tensor of `like` has its name")
      return nil
    }
    if let theirs = like?.shape, theirs != shape {
      report(entry?.line, name, "its shape is \(shape) here and \(theirs) in \(likePath ?? "like")")
      return nil
    }
    guard let dtype = self.dtype(entry, like, name), isBounded(initialization) else { return nil }
    let line = entry?.initialization == nil ? rule?.initLine : entry?.initLine
    let context = Context(
      subject: subject, shape: shape, dtype: dtype, captures: match?.captures ?? [:],
      fans: entry?.fans ?? rule?.fans ?? .layout(spec.layout), line: line)
    do throws(Problem) { return try plan(initialization, context) } catch {
      report(error.line ?? line, name, error.message)
      return nil
    }
  }

  /// One rule gives its parts and values to every tensor that it fits; together they must not outgrow memory.
  private mutating func isBounded(_ initialization: ModelSpec.Initialization) -> Bool {
    let before = written
    switch initialization {
    case .parts(_, let parts): written.parts += parts.count
    case .literal(let values?): written.values += values.count
    default: break
    }
    if written.parts > 100_000, before.parts <= 100_000 {
      report(nil, nil, "its tensors have more than 100000 parts in all")
    }
    if written.values > 1_000_000, before.values <= 1_000_000 {
      report(
        nil, nil,
        "its literals have more than a million values in all; put them into a checkpoint: {from: like}")
    }
    return written.parts <= 100_000 && written.values <= 1_000_000
  }

  private mutating func dtype(
    _ entry: ModelSpec.TensorEntry?, _ like: LikeTensor?, _ name: TensorName
  ) -> DType? {
    if let own = entry?.dtype { return own }
    guard let like else { return dtype ?? spec.dtype }
    guard let theirs = like.dtype else {
      report(
        entry?.line ?? spec.likeLine, name,
        "its dtype in \(likePath ?? "like") is \(like.code), which is not supported yet; give it another under `tensors:`, or `init: skip`"
      )
      return nil
    }
    return theirs.isFloatingPoint ? dtype ?? theirs : theirs
  }

  /// Gives tied tensors the law and the stream of their targets.
  private mutating func tie(_ tensors: inout [PlannedTensor]) {
    let byName = Dictionary(tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    tensors = tensors.compactMap { tensor in
      guard let of = tensor.tiedTo else { return tensor }
      let line = subjects[tensor.name]?.line(spec)
      guard let target = byName[of] else {
        // Further ones are counted, not shown.
        let near =
          diagnostics.count >= SpecError.shown
          ? ""
          : nearest(to: of.string, in: byName.keys.map(\.string)).map { "; did you mean `\($0)`?" } ?? ""
        report(line, tensor.name, "it has the values of `\(of)`, which is no tensor of the run\(near)")
        return nil
      }
      guard target.tiedTo == nil else {
        report(line, tensor.name, "it has the values of `\(of)`, which itself has another's; name that one")
        return nil
      }
      guard target.shape == tensor.shape, target.dtype == tensor.dtype else {
        report(
          line, tensor.name,
          "it is \(tensor.dtype) \(tensor.shape), and `\(of)`, whose values it has, is \(target.dtype) \(target.shape)"
        )
        return nil
      }
      return PlannedTensor(
        name: tensor.name, shape: tensor.shape, dtype: tensor.dtype, law: target.law, streamName: of,
        tiedTo: of,
        record: tensor.record, literal: target.literal)
    }
  }

  /// Two names with one stream would draw the same values.
  private mutating func checkStreams(_ tensors: [PlannedTensor]) {
    for (name, other) in repeatedStreams(
      tensors.filter { $0.tiedTo == nil }.map { ($0.name, $0.name.stream) })
    {
      report(nil, name, "its stream is that of `\(other)`, so both would draw the same values; rename one")
    }
  }
}
