// diff: how two runs differ.

import ArgumentParser
import WinitRegistry

struct Diff: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compare two runs, tensor by tensor.",
    discussion: """
      Says which tensors were added or removed, and which differ in shape, dtype, recipe or bits; of bits how many elements \
      differ, by how much at most, and the first.

      Exits with 0 where the weights are the same and 1 where they are not. Two recipes can give the same weights.
      """)

  @Argument(help: "The first run.") var first: String
  @Argument(help: "The second run.") var second: String

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The registry of the second run, if it is another.", valueName: "path"))
  var other: String?

  @OptionGroup var threads: ThreadsOption
  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func run() throws {
    try reportingErrors {
      let registry = try registry.open()
      let other = try other.map { try Registry(opening: $0) }
      let (a, b) = (try registry.run(first), try (other ?? registry).run(second))
      let progress = ProgressBar("comparing")
      let difference = try registry.difference(
        between: a, and: b, in: other, threads: threads.threads, progress: progress.update)
      try emit(json.enabled ? difference.json(a, b).pretty : difference.text(a, b))
      if !difference.sameWeights { throw ExitStatus.mismatch }
    }
  }
}

extension RunDifference {
  fileprivate func text(_ a: Run, _ b: Run) -> String {
    var lines = [
      "\(a.reference) and \(b.reference)  \(sameWeights ? "the same weights" : "DIFFERENT")  (\(counted(sameCount, "tensor")) the same in everything)"
    ]
    lines += removed.map { "  only in \(a.reference): `\($0)`" }
    lines += added.map { "  only in \(b.reference): `\($0)`" }
    for tensor in changed {
      let parts =
        [
          tensor.shapes.map { "shape \($0) and \($1)" }, tensor.dtypes.map { "dtype \($0) and \($1)" },
          tensor.recipes.map(recipesText), tensor.bits?.text,
        ].compactMap(\.self)
      lines.append("  `\(tensor.name)`: \(parts.joined(separator: "; "))")
    }
    return lines.joined(separator: "\n")
  }

  /// The laws; where they are the same, what else is not.
  private func recipesText(_ a: Recipe, _ b: Recipe) -> String {
    if a.law != b.law { return "law \(a.law.json.compact) and \(b.law.json.compact)" }
    return a.seed != b.seed ? "seed \(a.seed) and \(b.seed)" : "stream \(a.stream) and \(b.stream)"
  }

  fileprivate func json(_ a: Run, _ b: Run) -> JSONValue {
    [
      "first": .string(a.reference), "second": .string(b.reference), "same_weights": .bool(sameWeights),
      "same_tensors": .integer(sameCount), "removed": .array(removed.map { .string($0.string) }),
      "added": .array(added.map { .string($0.string) }), "changed": .array(changed.map(\.json)),
    ]
  }
}

extension TensorDifference {
  fileprivate var json: JSONValue {
    var members: [JSONValue.Member] = [.init("name", .string(name.string))]
    if let shapes { members.append(.init("shapes", [shapes.0.json, shapes.1.json])) }
    if let dtypes {
      members.append(.init("dtypes", [.string(dtypes.0.rawValue), .string(dtypes.1.rawValue)]))
    }
    if let recipes {
      func json(_ recipe: Recipe) -> JSONValue {
        [
          "law": recipe.law.json, "seed": .string(String(recipe.seed)),
          "stream": .string(String(recipe.stream)),
        ]
      }
      members.append(.init("recipes", [json(recipes.0), json(recipes.1)]))
    }
    if let bits {
      members += [
        .init("differing_elements", .integer(bits.count)), .init("element", .integer(bits.first.element)),
        .init("index", .array(bits.first.coordinates.map(JSONValue.integer))),
        .init("values", [.string(bits.first.expected), .string(bits.first.found)]),
        .init(
          "largest_difference", bits.largest.map { $0.isFinite ? .number($0) : .string("\($0)") } ?? .null),
      ]
    }
    return .object(members)
  }
}

extension BitDifference {
  fileprivate var text: String {
    let place = first.coordinates.map(String.init).joined(separator: ", ")
    return
      "\(counted(count, "element")) \(count == 1 ? "differs" : "differ"), by at most \(largest.map { "\(Float($0))" } ?? "NaN"), first at [\(place)]: \(first.expected) and \(first.found)"
  }
}
