// The evidence with what several rules need to know of it.

import WinitCore

/// The evidence, with indices by name, families of names, and what is already explained.
struct FindingContext {
  let evidence: FindingEvidence
  /// The place of each tensor in the evidence.
  let index: [TensorName: Int]
  let path: NetworkPath?
  /// The path if its activations are known; nil for an assumed path.
  let knownPath: NetworkPath?
  /// The kernels with values of their own: in the order of the tensors, or by name and number if that order is the one
  /// of the bytes of the names, as in files of safetensors.
  let kernels: [Int]
  /// The place of each tensor among the kernels.
  let kernelPlaces: [Int: Int]
  /// The weights of one shape whose names differ only by numbers, in the order of the numbers.
  let families: [FamilyKey: [Int]]
  /// The member of each family in the middle of the scales, and the next smaller one.
  private let middles: [FamilyKey: [Int]]
  /// The number of tensors whose names differ only by numbers.
  private let patternCounts: [TensorName: Int]

  struct FamilyKey: Hashable {
    let pattern: TensorName
    let shape: Shape
  }

  init(_ evidence: FindingEvidence) {
    self.evidence = evidence
    let tensors = evidence.tensors
    index = Dictionary(tensors.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    path = evidence.network.map { NetworkPath($0) }
    knownPath = evidence.isNetworkAssumed ? nil : path
    let numbered = tensors.map { NumberedName($0.name.string, maximumNumbers: 64) }
    let isSortedByBytes = zip(tensors, tensors.dropFirst()).allSatisfy { $0.name < $1.name }
    func isBefore(_ left: Int, _ right: Int) -> Bool { numbered[left].precedes(numbered[right]) ?? (left < right) }
    let kernels = tensors.indices.filter { tensors[$0].tiedTo == nil && tensors[$0].isKernel }
    self.kernels = isSortedByBytes ? kernels.sorted(by: isBefore) : kernels
    kernelPlaces = Dictionary(uniqueKeysWithValues: self.kernels.enumerated().map { ($1, $0) })
    let patterns = tensors.map { FindingContext.pattern($0.name) }
    patternCounts = patterns.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    var families: [FamilyKey: [Int]] = [:]
    for i in tensors.indices where tensors[i].isWeight && tensors[i].tiedTo == nil {
      families[FamilyKey(pattern: patterns[i], shape: tensors[i].shape), default: []].append(i)
    }
    self.families = families.mapValues { $0.sorted(by: isBefore) }
    middles = families.mapValues { members in
      let sound = members.filter {
        tensors[$0].statistics.std > 0 && tensors[$0].statistics.std.isFinite
          && tensors[$0].statistics.nan + tensors[$0].statistics.infinite == 0
      }
      let sorted = sound.sorted { (tensors[$0].statistics.std, $0) < (tensors[$1].statistics.std, $1) }
      return Array(sorted[max(0, sorted.count / 2 - 1)..<min(sorted.count, sorted.count / 2 + 1)].reversed())
    }
  }

  var tensors: [ObservedTensor] { evidence.tensors }

  func tensor(_ name: TensorName) -> ObservedTensor? { index[name].map { tensors[$0] } }

  /// Another tensor of the same name in other layers, whose scale is in the middle of theirs; nil if there is none.
  func usualSibling(of tensor: ObservedTensor) -> ObservedTensor? {
    let key = FamilyKey(pattern: FindingContext.pattern(tensor.name), shape: tensor.shape)
    return middles[key]?.first { tensors[$0].name != tensor.name }.map { tensors[$0] }
  }

  /// The number of tensors whose names differ from a name only by numbers, itself included.
  func count(like name: TensorName) -> Int { patternCounts[FindingContext.pattern(name)] ?? 0 }

  func step(_ tensor: ObservedTensor) -> NetworkPath.Step? { path?.steps[tensor.name] }

  /// The activation behind a weight; nil if nothing says it.
  func activation(behind tensor: ObservedTensor) -> ActivationFunction? {
    knownPath?.steps[tensor.name].map(\.activation)
  }

  /// Whether a tensor is a table of embeddings, by the network or by its name.
  func isEmbedding(_ tensor: ObservedTensor) -> Bool { step(tensor)?.isEmbedding ?? tensor.isEmbedding }

  /// The bias of a weight; nil if it has none.
  func bias(of tensor: ObservedTensor) -> ObservedTensor? {
    if let name = step(tensor)?.bias { return self.tensor(name) }
    return tensor.biasNames.lazy.compactMap { self.tensor($0) }.first
  }

  /// The severity of a rule for a tensor: full for kernels, information for any other weight.
  func severity(_ full: Finding.Severity, for tensor: ObservedTensor) -> Finding.Severity {
    tensor.isKernel ? full : .information
  }

  /// A name with each number replaced by `#`.
  static func pattern(_ name: TensorName) -> TensorName {
    let bytes = Array(name.string.utf8)
    var pattern: [UInt8] = []
    pattern.reserveCapacity(bytes.count)
    var end = 0
    for digits in NumberedName.digits(in: bytes) {
      pattern += bytes[end..<digits.lowerBound]
      pattern.append(UInt8(ascii: "#"))
      end = digits.upperBound
    }
    pattern += bytes[end...]
    return TensorName(String(decoding: pattern, as: UTF8.self))
  }
}
