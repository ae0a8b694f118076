// Resolves a network: finds the tensors that its entries name, unrolls repeats, and computes numbers.

import WinitCore
import WinitDiagnosis
import WinitInitializers
import WinitJSON

/// Resolves a network with the tensors of a model. The resolver continues after a problem, so that one attempt reports
/// all problems.
struct NetworkResolver {
  /// A tensor that the network may name.
  struct Tensor {
    let name: TensorName
    let shape: Shape?
    let dtype: DType?
    let fans: FanSource
  }

  /// The names that an entry sees: those after a prefix, with the numbers of the repeats around it.
  struct Place {
    var prefix = ""
    var numbers: [String: Int] = [:]
  }

  /// A problem of an entry.
  struct Problem {
    let line: Int
    let tensor: TensorName?
    let problem: SpecProblem
  }

  /// The tensors, by the names that the network sees.
  let tensors: [TensorName: Tensor]
  let index: NameIndex
  /// The numbers that expressions can name.
  let number: (String) throws(Expression.Failure) -> Double?
  /// The text that `*` at the beginning of a name stands for.
  var start = ""
  var problems: [Problem] = []
  var flow = NetworkFlow()
  /// The names of the tensors that entries use, as the network sees them.
  var used: Set<TensorName> = []
  /// The line of the entry that names a tensor, by the name in the model.
  var lines: [TensorName: Int] = [:]
  /// The prefixes of the repeats around no other repeat.
  private var prefixes: [String] = []
  /// The number of entries that were looked at.
  private var count = 0
  /// The numbers of the repeats that were looked up, and the number of names that were looked at for them.
  private var found: [NumberedPrefix: [Int]] = [:]
  private var scanned = 0
  private var isExhausted = false
  private static let maximumScan = 20_000_000
  /// Whether the first problem ends the search, because the network is then left out.
  let stopsEarly: Bool

  init(
    tensors: [TensorName: Tensor], stopsEarly: Bool, number: @escaping (String) throws(Expression.Failure) -> Double?
  ) {
    (self.tensors, self.stopsEarly, self.number) = (tensors, stopsEarly, number)
    index = NameIndex(tensors.keys)
  }

  mutating func network(_ text: NetworkText) -> Network {
    findStart(text.entries)
    let entries = entries(text.entries, Place())
    if entries.isEmpty, problems.isEmpty, let first = text.entries.first {
      report(first.line, .invalidNetwork, "the tensors of no entry exist. Give entries of this model, or no network")
    }
    if text.isPreset, problems.isEmpty { checkUsed(text) }
    let network = Network(entries)
    if problems.isEmpty, let first = text.entries.first { checkShapes(network, first) }
    return network
  }

  /// Reports a parameter of a repeated block that a preset's list does not use: the block is another one than that of
  /// the list. Buffers and biases have other names.
  private mutating func checkUsed(_ text: NetworkText) {
    for prefix in prefixes {
      let other = index.names(after: prefix).first { name in
        !used.contains(name) && ["weight", "kernel", "gamma", "scale"].contains { name.string.hasSuffix($0) }
      }
      guard let other, let line = text.entries.first?.line else { continue }
      report(
        line, .invalidNetwork, "the blocks of the model have \(quoted: other), which the network does not use",
        tensor: other)
      return
    }
  }

  mutating func entries(_ texts: [NetworkText.Entry], _ place: Place) -> [Network.Entry] {
    var entries: [Network.Entry] = []
    for text in texts where !stopsEarly || problems.isEmpty {
      count += 1
      guard count <= Network.maximumEntries else {
        if count == Network.maximumEntries + 1 {
          report(text.line, .limitExceeded, Network.tooManyEntries)
        }
        return entries
      }
      guard isPresent(text, place) else { continue }
      for entry in self.entries(of: text, place) {
        // A layer and the activation behind it are one entry.
        if case .activation(let function) = entry, case .weight(var layer)? = entries.last, layer.activation == .linear
        {
          layer.activation = function
          entries[entries.count - 1] = .weight(layer)
        } else {
          entries.append(entry)
        }
      }
    }
    return entries
  }

  /// Returns whether an entry applies: its condition is not 0, its weight has the rank, and its tensors exist if it is
  /// optional.
  private mutating func isPresent(_ text: NetworkText.Entry, _ place: Place) -> Bool {
    if let condition = text.condition {
      guard let value = value(condition, "if", text, place) else { return false }
      if value == 0 { return false }
    }
    if let rank = text.rank, let weight = text.content.names.first, let tensor = tensors[fullName(weight, place)],
      tensor.shape?.rank != rank
    {
      return false
    }
    return !text.isOptional || exists(text, place)
  }

  /// Returns whether the tensors of an entry exist: of a residual, those of its entries that are not optional.
  private mutating func exists(_ text: NetworkText.Entry, _ place: Place) -> Bool {
    switch text.content {
    case .repeat(_, let prefix, _, _): return !numbers(prefix, text, place).isEmpty
    case .residual(let branch, let shortcut):
      for entry in branch + shortcut where !entry.isOptional && entry.condition == nil {
        if !exists(entry, place) { return false }
      }
      return true
    default: return text.content.names.allSatisfy { tensors[fullName($0, place)] != nil }
    }
  }

  private mutating func entries(of text: NetworkText.Entry, _ place: Place) -> [Network.Entry] {
    switch text.content {
    case .input(let shape, let std):
      start("the input", width: shape[0], axes: shape.count - 1, text)
      return [.input(shape: shape, std: std)]
    case .embedding(let names): return embedding(names, text, place)
    case .weight(let layer): return self.layer(layer, text, place)
    case .activation(let function):
      pass(function, text)
      return [.activation(function)]
    case .norm(let kind, let weight, let bias): return norm(kind, weight, bias, text, place)
    case .pool(let kind, let size, let stride, let padding):
      let size = integer(size, "size", 1, text, place) ?? 0
      pass(text)
      return [
        .pool(
          Network.Pool(
            kind, size: size, stride: integer(stride, "stride", 1, text, place) ?? max(size, 1),
            padding: integer(padding, "padding", 0, text, place) ?? 0))
      ]
    case .attention(let attention): return self.attention(attention, text, place)
    case .gate(let gate): return self.gate(gate, text, place)
    case .residual(let branch, let shortcut): return residual(branch, shortcut, text, place)
    case .repeat(_, let prefix, let hasGaps, let entries): return repeated(prefix, hasGaps, entries, text, place)
    }
  }

  private mutating func residual(
    _ branch: [NetworkText.Entry], _ shortcut: [NetworkText.Entry], _ text: NetworkText.Entry, _ place: Place
  ) -> [Network.Entry] {
    let input = flow
    let before = problems.count
    let sum = entries(branch, place)
    let output = flow
    flow = input
    let added = entries(shortcut, place)
    if sum.isEmpty, added.isEmpty, text.isOptional { return [] }
    if sum.isEmpty, problems.count == before {
      report(
        text.line, .invalidNetwork, "no tensor of the residual branch exists. Mark the residual as `optional: true`")
    }
    if problems.count == before { checkSum(output, flow, text) }
    flow = output
    return [.residual(sum, shortcut: added)]
  }

  private mutating func repeated(
    _ prefix: NumberedPrefix, _ hasGaps: Bool, _ entries: [NetworkText.Entry], _ text: NetworkText.Entry,
    _ place: Place
  ) -> [Network.Entry] {
    let numbers = numbers(prefix, text, place)
    let head = place.prefix + filled(prefix.head, place)
    guard !numbers.isEmpty else {
      reportUnknown(prefix.text(0), "no tensor has a name that begins with", "repeat", text, place)
      return []
    }
    if !hasGaps, let missing = (0..<numbers.count).first(where: { numbers[$0] != $0 }) {
      report(
        text.line, .unknownTensor,
        "no tensor has a name that begins with \(quoted: "\(head)\(missing)\(prefix.tail)"), and there is a number \(numbers[missing]). Numbers begin at 0 and follow each other, unless the repeat has `gaps: true`"
      )
      return []
    }
    var result: [Network.Entry] = []
    for (position, number) in numbers.enumerated()
    where count <= Network.maximumEntries && (!stopsEarly || problems.isEmpty) {
      var inner = place
      inner.prefix = "\(head)\(number)\(prefix.tail)"
      if place.numbers.isEmpty { prefixes.append(inner.prefix) }
      inner.numbers[prefix.variable] = number
      inner.numbers["gap"] = position + 1 < numbers.count ? numbers[position + 1] - number : 0
      result += self.entries(entries, inner)
    }
    return result
  }

  private mutating func numbers(_ prefix: NumberedPrefix, _ text: NetworkText.Entry, _ place: Place) -> [Int] {
    let full = prefix.after(place.prefix, head: filled(prefix.head, place))
    if let numbers = found[full] { return numbers }
    // Without a limit, a list of a hundred thousand repeats and a million tensors would take hours.
    scanned += index.names(after: full.head).count
    guard scanned <= Self.maximumScan else {
      if !isExhausted { report(text.line, .limitExceeded, "the repeats of the network look at too many names") }
      isExhausted = true
      return []
    }
    let numbers = index.numbers(head: full.head, tail: full.tail)
    found[full] = numbers
    return numbers
  }
}
