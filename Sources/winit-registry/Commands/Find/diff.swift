// diff: compare two runs.

import ArgumentParser
import WinitRegistry

struct DiffCommand: JSONCommand {
  static let configuration = CommandConfiguration(
    name: "diff", abstract: "Compare two runs, tensor by tensor.",
    discussion: """
      Reports tensors that only one of the runs has, and tensors whose shape, dtype, recipe or bits differ. Where bits \
      differ, reports the number of differing elements, the maximum difference and the first differing element.

      Exits with 0 if the weights are the same, and with 1 if they differ. Different recipes can give the same weights, \
      and an imported run has no recipes; the output says where only the bits are equal.
      """)

  @Argument(help: "The first run, such as gpt2:v1.", completion: .runs) var first: String
  @Argument(help: "The second run, such as gpt2:v2.", completion: .runs) var second: String

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The registry file that holds the second run. (default: the registry of the first run)", valueName: "path"),
    completion: .file())
  var other: String?

  @OptionGroup var threads: ThreadsOption
  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func validate() throws { try refuseStandardInput(other, "--other -", "a registry") }

  func run() throws {
    try reportingErrors {
      let registry = try registry.open()
      let other = try other.map { try Registry(openingForReading: $0) }
      let (a, b) = (try registry.run(first), try (other ?? registry).run(second))
      let progress = ProgressBar("comparing")
      let difference = try registry.difference(
        between: a, and: b, in: other, threads: threads.threads, progress: progress.update)
      try emit(json.enabled ? difference.json : difference.text)
      if !difference.sameWeights { throw ExitStatus.mismatch }
    }
  }
}

extension RunDifference {
  fileprivate var text: String {
    let verdict = sameWeights ? "same weights" : "DIFFERENT"
    var lines = [
      "\(first.reference) and \(second.reference)  \(verdict)  (\(counted(sameCount, "identical tensor")))"
    ]
    lines += removed.map { "  only in \(first.reference): `\($0)`" }
    lines += added.map { "  only in \(second.reference): `\($0)`" }
    lines += changed.filter { !isOnlyWithoutRecipe($0) }.map(\.text)
    let equal = changed.count(where: isOnlyWithoutRecipe)
    if equal > 0 {
      let imported = [first, second].filter { $0.origin == .imported }.map(\.reference).joined(separator: ", ")
      lines.append("  \(counted(equal, "tensor")) with the same bits; \(imported) is imported and has no recipes")
    }
    return lines.joined(separator: "\n")
  }
}

extension RunDifference {
  /// Whether the only difference of a tensor is that one of the runs is imported.
  private func isOnlyWithoutRecipe(_ tensor: TensorDifference) -> Bool {
    tensor.sameBits && (first.origin == .imported) != (second.origin == .imported)
  }
}

extension TensorDifference {
  fileprivate var text: String {
    let parts = propertyTexts + (elements.map { [text($0)] } ?? (sameBits ? ["the bits are equal"] : []))
    return "  `\(name)`: \(parts.joined(separator: "; "))"
  }

  private func text(_ elements: ElementDifference) -> String {
    let index = elements.coordinates.map(String.init).joined(separator: ", ")
    let maximum = largestDifference.map { "\(Float($0))" } ?? "NaN"
    let verb = elements.count == 1 ? "differs" : "differ"
    return
      "\(counted(elements.count, "element")) \(verb), maximum difference \(maximum), first at [\(index)]: \(elements.expected) and \(elements.found)"
  }
}
