// From a spec and a checkpoint to tensors with laws.

import InitLaw
public import Initializers
public import Tensors

/// The names, shapes and dtypes of a checkpoint, as far as a spec takes them over.
public struct LikeTensor: Sendable {
  /// The tensor's name.
  public let name: TensorName
  /// Its shape.
  public let shape: Shape
  /// Its dtype, nil where it is not supported.
  public let dtype: DType?
  /// The dtype as the checkpoint writes it.
  public let code: String

  /// A tensor of a checkpoint.
  public init(name: TensorName, shape: Shape, dtype: DType?, code: String) {
    self.name = name
    self.shape = shape
    self.dtype = dtype
    self.code = code
  }
}

/// A tensor with everything decided.
public struct PlannedTensor: Sendable {
  /// The tensor's name.
  public let name: TensorName
  /// Its shape.
  public let shape: Shape
  /// Its dtype.
  public let dtype: DType
  /// The layout its fans were read by.
  public let layout: Layout
  /// The scheme as written.
  public let scheme: Scheme
  /// What the scheme resolved to.
  public let resolution: Scheme.Resolution
}

/// A resolved spec.
public struct Plan: Sendable {
  /// The tensors: those of `like` in its order, then the spec's own in theirs.
  public let tensors: [PlannedTensor]
  /// What is odd but not wrong: rules that match nothing.
  public let warnings: [SpecDiagnostic]
}

extension ModelSpec {
  /// Decides every tensor: its dtype is its own in the spec, else `dtype`, else the checkpoint's, else the spec's
  /// (where `dtype` and the spec's change floating-point tensors alone); its scheme its own, else the first
  /// matching rule's.
  ///
  /// - Parameters:
  ///   - dtype: replaces the dtype of floating-point tensors; must be one.
  ///   - like: the checkpoint's tensors, and its path for errors.
  /// - Throws: `SpecError` with every error found.
  public func resolve(
    dtype: DType? = nil, like: (path: String, tensors: [LikeTensor])? = nil
  ) throws(SpecError) -> Plan {
    var resolver = Resolver(spec: self, dtype: dtype, likePath: like?.path)
    return try resolver.plan(like: like?.tensors ?? [])
  }
}

private struct Resolver {
  let spec: ModelSpec
  let dtype: DType?
  let likePath: String?
  var diagnostics: [SpecDiagnostic] = []
  var matched: Set<Int> = []

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
    var planned: [PlannedTensor] = []
    for tensor in like {
      if let tensor = plan(tensor.name, own[tensor.name], like: tensor) { planned.append(tensor) }
    }
    let taken = Set(like.map(\.name))
    for entry in spec.tensors where !taken.contains(entry.name) {
      if let tensor = plan(entry.name, entry, like: nil) { planned.append(tensor) }
    }
    checkStreams(planned)
    let idle = spec.rules.indices.filter { !matched.contains($0) }.map { spec.rules[$0] }
    for rule in idle {
      // A pattern that matches nothing may hide a number that is wrong.
      guard case .scheme(let scheme) = rule.initialization else { continue }
      do { try scheme.checkArguments() } catch { report(rule.initLine, nil, error.description) }
    }
    let all = spec.diagnostics + diagnostics
    guard all.isEmpty else { throw SpecError(all) }
    guard !planned.isEmpty else {
      throw SpecError([
        SpecDiagnostic(
          file: spec.file, line: nil, tensor: nil,
          message: "it describes no tensor; give tensors, or like, and rules that do not skip them all")
      ])
    }
    return Plan(
      tensors: planned,
      warnings: idle.map {
        SpecDiagnostic(
          file: spec.file, line: $0.line, tensor: nil,
          message:
            "the rule for `\($0.match.text)` matches no tensor, or only ones that an earlier rule takes")
      })
  }

  mutating func report(_ line: Int?, _ tensor: TensorName?, _ message: String) {
    diagnostics.append(SpecDiagnostic(file: spec.file, line: line, tensor: tensor, message: message))
  }

  mutating func plan(_ name: TensorName, _ entry: ModelSpec.TensorEntry?, like: LikeTensor?) -> PlannedTensor?
  {
    let ruleIndex = spec.rules.firstIndex { $0.match.matches(name.string) }
    if let ruleIndex { matched.insert(ruleIndex) }
    let rule = ruleIndex.map { spec.rules[$0] }
    // What is broken has been reported.
    if entry?.isBroken == true || entry?.initialization == nil && rule != nil && rule?.initialization == nil {
      return nil
    }
    guard let initialization = entry?.initialization ?? rule?.initialization else {
      if spec.lacksRules { return nil }
      let place = like == nil ? "" : likePath.map { " (from \($0))" } ?? ""
      report(
        entry?.line ?? spec.likeLine, name,
        "no rule matches it\(place); add one, such as {match: \"*\", init: …}, or `init: skip` to leave out a tensor of like"
      )
      return nil
    }
    guard case .scheme(let scheme) = initialization else { return nil }
    let line = entry?.initialization == nil ? rule?.initLine : entry?.initLine
    if entry == nil, let problem = name.problem {
      report(spec.likeLine, name, problem)
      return nil
    }
    guard let shape = entry?.shape ?? like?.shape else {
      report(entry?.line, name, "it has no shape, and no tensor of `like` has its name")
      return nil
    }
    if let theirs = like?.shape, theirs != shape {
      report(entry?.line, name, "its shape is \(shape) here and \(theirs) in \(likePath ?? "like")")
      return nil
    }
    guard let dtype = self.dtype(entry, like, name) else { return nil }
    let layout = entry?.layout ?? rule?.layout ?? spec.layout
    do {
      let resolution = try scheme.resolve(shape: shape, dtype: dtype, layout: layout)
      return PlannedTensor(
        name: name, shape: shape, dtype: dtype, layout: layout, scheme: scheme, resolution: resolution)
    } catch {
      report(line, name, error.description)
      return nil
    }
  }

  mutating func dtype(_ entry: ModelSpec.TensorEntry?, _ like: LikeTensor?, _ name: TensorName) -> DType? {
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

  /// Two names with one stream would draw the same values.
  mutating func checkStreams(_ tensors: [PlannedTensor]) {
    for (name, other) in repeatedStreams(
      tensors.map { ($0.name, $0.name.stream) })
    {
      report(nil, name, "its stream is that of `\(other)`, so both would draw the same values; rename one")
    }
  }
}

/// The names whose stream another name before them has, each with that one. (The same name twice is another error.)
package func repeatedStreams(
  _ streams: [(name: TensorName, stream: UInt64)]
) -> [(name: TensorName, other: TensorName)] {
  var names: [UInt64: TensorName] = [:]
  return streams.compactMap { name, stream in
    guard let other = names[stream] else {
      names[stream] = name
      return nil
    }
    return name == other ? nil : (name, other)
  }
}
