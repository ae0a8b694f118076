// diff: compares two runs tensor by tensor.

package import WinitCore
import WinitJSON
import WinitStorage

/// The differences between two runs: see ``Registry/difference(between:and:in:threads:progress:)``.
public struct RunDifference: Sendable {
  /// The names of tensors that only the second run has.
  public internal(set) var added: [String] = []
  /// The names of tensors that only the first run has.
  public internal(set) var removed: [String] = []
  /// The tensors of both runs that differ in shape, dtype, recipe or bits.
  public internal(set) var changed: [TensorDifference] = []
  /// The number of tensors that are equal in shape, dtype, recipe and bits.
  public internal(set) var sameCount = 0
  /// True if both runs have the same tensors with the same bits. Two recipes can give the same bits.
  public var sameWeights: Bool { added.isEmpty && removed.isEmpty && changed.allSatisfy(\.sameBits) }
  package let first: Run
  package let second: Run
}

/// The differences of a tensor between two runs.
public struct TensorDifference: Sendable {
  /// The name of the tensor.
  public var name: String { tensorName.string }
  /// True if shape, dtype and bits are equal, so that only the recipes differ.
  public var sameBits: Bool { shapes == nil && dtypes == nil && elements == nil }
  /// The differing elements; nil if the bits are equal, or shape or dtype differ. `expected` is the value of the first
  /// run.
  public internal(set) var elements: ElementDifference?
  /// The largest absolute difference of two values, in binary64; nil if no values can be subtracted.
  public internal(set) var largestDifference: Double?
  package let tensorName: TensorName
  /// Both shapes; nil if they are equal.
  package internal(set) var shapes: Pair<Shape>?
  /// Both dtypes; nil if they are equal.
  package internal(set) var dtypes: Pair<WinitCore.DType>?
  /// Both recipes; nil if the laws are equal and, for a random law, the seeds and streams too.
  package internal(set) var recipes: Pair<Recipe>?

  init(_ name: TensorName) { tensorName = name }
}

/// A property of the first run and of the second.
package struct Pair<Value: Sendable>: Sendable {
  package let first: Value
  package let second: Value

  init(_ first: Value, _ second: Value) { (self.first, self.second) = (first, second) }
}

/// The differing elements of a range of elements in two runs, and the largest difference of two values.
private struct BitDifference {
  var first: ElementDifference
  var largest: Double?

  mutating func add(_ later: BitDifference) {
    first.add(later.first)
    largest = [largest, later.largest].compactMap(\.self).max()
  }
}

extension Registry {
  /// Compares two runs of this registry, or of two registries. Only chunks whose digests differ are read or
  /// regenerated.
  ///
  /// - Parameters:
  ///   - first: a run of this registry.
  ///   - second: a run of this registry, or of `other`.
  ///   - other: the registry of the second run; nil for this registry.
  ///   - threads: the number of worker threads; nil for one per processor.
  ///   - progress: called with the bytes that were compared and the bytes of all chunks whose digests differ.
  /// - Throws: `RegistryError` with the code `mismatch` if a chunk has other bytes than recorded and does not
  ///   regenerate.
  public func difference(
    between first: Run, and second: Run, in other: Registry? = nil, threads: Int? = nil,
    progress: ProgressHandler? = nil
  ) throws -> RunDifference {
    try translatingErrors {
      let (firsts, seconds) = (
        try selectedRecords(nil, of: first), try (other ?? self).selectedRecords(nil, of: second)
      )
      let others = seconds.firstByName(\.name)
      let known = Set(firsts.map(\.name))
      var result = RunDifference(first: first, second: second)
      result.removed = firsts.map(\.name).filter { others[$0] == nil }.map(\.string)
      result.added = seconds.map(\.name).filter { !known.contains($0) }.map(\.string)

      var pairs: [Pair<TensorRecord>] = []
      for tensor in firsts {
        guard let other = others[tensor.name] else { continue }
        var difference = TensorDifference(tensor.name)
        let (a, b) = (tensor.recipe, other.recipe)
        if a.shape != b.shape { difference.shapes = Pair(a.shape, b.shape) }
        if a.dtype != b.dtype { difference.dtypes = Pair(a.dtype, b.dtype) }
        if a.law != b.law || (a.law.isRandom && (a.seed != b.seed || a.stream != b.stream)) {
          difference.recipes = Pair(a, b)
        }
        let isComparable = difference.shapes == nil && difference.dtypes == nil
        if isComparable, tensor.digest != other.digest {
          pairs.append(Pair(tensor, other))
        } else if isComparable, difference.recipes == nil {
          result.sameCount += 1
          continue
        }
        result.changed.append(difference)
      }
      let bits = try compare(pairs, (store, (other ?? self).store), threads, progress)
      for index in result.changed.indices {
        guard let difference = bits[result.changed[index].tensorName] else { continue }
        result.changed[index].elements = difference.first
        result.changed[index].largestDifference = difference.largest
      }
      return result
    }
  }

  private func compare(
    _ pairs: [Pair<TensorRecord>], _ stores: (Store, Store), _ threads: Int?, _ progress: ProgressHandler?
  ) throws -> [TensorName: BitDifference] {
    let first = VerifiedReader(stores.0, pairs.map(\.first))
    let second = VerifiedReader(stores.1, pairs.map(\.second))
    let chunks = allChunks(pairs.map(\.first.recipe.byteCount)).filter { first.digest(of: $0) != second.digest(of: $0) }
    for reader in [first, second] { try reader.checkMemory(Set(chunks.map(\.tensor))) }
    let total = chunks.reduce(0) { $0 + $1.byteCount }
    let reporter = ProgressReporter(progress, total: total)
    var found: [TensorName: BitDifference] = [:]
    try ChunkPipeline<ChunkID>(threads: threads, memory: .pooled).run(
      chunks, totalBytes: total, progress: reporter
    ) { chunks, buffers in
      _ = try first.read(chunks, into: buffers)
      return try chunks.indices.map { i -> BitDifference? in
        let recipe = second.tensors[chunks[i].tensor].recipe
        var bytes = [UInt8](repeating: 0, count: chunks[i].byteCount)
        return try bytes.withUnsafeMutableBytes { other in
          _ = try second.read([chunks[i]], into: [other])
          return BitDifference(
            UnsafeRawBufferPointer(buffers[i]), UnsafeRawBufferPointer(other),
            at: chunks[i].chunk.byteRange.lowerBound, of: recipe)
        }
      }
    } consume: { batch in
      for chunk in batch {
        guard let difference = chunk.result else { continue }
        let name = first.tensors[chunk.item.tensor].name
        if found[name] == nil { found[name] = difference } else { found[name]?.add(difference) }
      }
      try reporter.add(batch.reduce(0) { $0 + $1.item.byteCount })
    }
    return found
  }
}

extension BitDifference {
  init?(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer, at offset: Int, of recipe: Recipe) {
    let dtype = recipe.dtype
    guard let first = ElementDifference(expected: a, found: b, at: offset, dtype, recipe.shape) else { return nil }
    self.first = first
    for element in DifferingElements(a, b, at: offset, dtype) where element.isWhole {
      let difference = distance(element.expected, element.found, dtype)
      if difference >= largest ?? 0 { largest = difference }
    }
  }
}

extension TensorDifference {
  /// The properties that differ, each with both values: shape, dtype, and law, seed or stream.
  package var propertyTexts: [String] {
    [
      shapes.map { "shape \($0.first) and \($0.second)" }, dtypes.map { "dtype \($0.first) and \($0.second)" },
      recipes.map { pair in
        let (a, b) = (pair.first, pair.second)
        if a.law != b.law { return "law \(a.law.json.compact) and \(b.law.json.compact)" }
        return a.seed != b.seed ? "seed \(a.seed) and \(b.seed)" : "stream \(a.stream) and \(b.stream)"
      },
    ].compactMap(\.self)
  }
}
