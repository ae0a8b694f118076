// diff: two runs, tensor by tensor.

import Foundation
public import WinitCore
public import WinitStorage

/// How two runs differ.
public struct RunDifference: Sendable {
  /// Tensors of the second alone.
  public internal(set) var added: [TensorName] = []
  /// Tensors of the first alone.
  public internal(set) var removed: [TensorName] = []
  /// Tensors of both that differ.
  public internal(set) var changed: [TensorDifference] = []
  /// How many tensors are the same in everything.
  public internal(set) var sameCount = 0
  /// True where no tensor's bits, shape or dtype differ, and none is missing.
  public var sameWeights: Bool { added.isEmpty && removed.isEmpty && changed.allSatisfy(\.sameWeights) }
}

/// How a tensor differs between two runs.
public struct TensorDifference: Sendable {
  /// The tensor.
  public let name: TensorName
  /// Both shapes, where they differ.
  public internal(set) var shapes: (Shape, Shape)?
  /// Both dtypes, where they differ.
  public internal(set) var dtypes: (DType, DType)?
  /// Both recipes, where they differ.
  public internal(set) var recipes: (Recipe, Recipe)?
  /// The differing elements, where shape and dtype are the same and bits differ.
  public internal(set) var bits: BitDifference?
  /// True where they have the same bits.
  public var sameWeights: Bool { shapes == nil && dtypes == nil && bits == nil }
}

/// Elements that differ.
public struct BitDifference: Sendable {
  /// The first of them.
  public fileprivate(set) var first: ElementDifference
  /// The largest absolute difference of two values; nil where none of them can be subtracted (NaN).
  public fileprivate(set) var largest: Double?

  /// How many there are.
  public var count: Int { first.count }

  fileprivate mutating func add(_ later: BitDifference) {
    first.add(later.first)
    largest = [largest, later.largest].compactMap(\.self).max()
  }
}

extension Registry {
  /// Compares two runs of this registry, or of two. Only chunks whose digests differ are looked at.
  ///
  /// - Parameter other: the registry of the second run; nil for this one.
  public func difference(
    between first: Run, and second: Run, in other: Registry? = nil, threads: Int? = nil,
    progress: ProgressHandler? = nil
  ) throws -> RunDifference {
    let stores = (store, (other ?? self).store)
    let tensors = (try Export.select(nil, of: first, stores.0), try Export.select(nil, of: second, stores.1))
    let others = Dictionary(tensors.1.map { ($0.name, $0) }, uniquingKeysWith: { a, _ in a })
    let known = Set(tensors.0.map(\.name))
    var result = RunDifference()
    result.removed = tensors.0.map(\.name).filter { others[$0] == nil }
    result.added = tensors.1.map(\.name).filter { !known.contains($0) }

    var pairs: [(first: RecordedTensor, second: RecordedTensor)] = []
    for tensor in tensors.0 {
      guard let other = others[tensor.name] else { continue }
      var difference = TensorDifference(name: tensor.name)
      let (a, b) = (tensor.recipe, other.recipe)
      if a.shape != b.shape { difference.shapes = (a.shape, b.shape) }
      if a.dtype != b.dtype { difference.dtypes = (a.dtype, b.dtype) }
      if a.law != b.law || a.law.isRandom && (a.seed != b.seed || a.stream != b.stream) {
        difference.recipes = (a, b)
      }
      let comparable = difference.shapes == nil && difference.dtypes == nil
      if comparable, tensor.digest != other.digest {
        pairs.append((tensor, other))
      } else if comparable, difference.recipes == nil {
        result.sameCount += 1
        continue
      }
      result.changed.append(difference)
    }
    let bits = try compare(pairs, stores, threads, progress)
    for index in result.changed.indices { result.changed[index].bits = bits[result.changed[index].name] }
    return result
  }

  private func compare(
    _ pairs: [(first: RecordedTensor, second: RecordedTensor)], _ stores: (Store, Store), _ threads: Int?,
    _ progress: ProgressHandler?
  ) throws -> [TensorName: BitDifference] {
    let (firsts, seconds) = (pairs.map(\.first), pairs.map(\.second))
    let tasks = allChunks(firsts.map(\.recipe.byteCount)).filter { task in
      firsts[task.tensor].chunkDigests[task.chunk.index]
        != seconds[task.tensor].chunkDigests[task.chunk.index]
    }
    let total = tasks.reduce(0) { $0 + $1.chunk.byteCount }
    var (done, found): (Int, [TensorName: BitDifference]) = (0, [:])
    try ChunkPipeline(threads: threads, keepingBytes: true).run(tasks, totalBytes: total) { tasks, buffers in
      _ = try stores.0.checkedChunks(tasks, of: firsts, into: buffers)
      return try tasks.indices.map { i -> BitDifference? in
        let (task, tensor) = (tasks[i], seconds[tasks[i].tensor])
        var bytes = [UInt8](repeating: 0, count: task.chunk.byteCount)
        return try bytes.withUnsafeMutableBytes { other in
          _ = try stores.1.checkedChunks([task], of: seconds, into: [other])
          return BitDifference(
            UnsafeRawBufferPointer(buffers[i]), UnsafeRawBufferPointer(other),
            from: task.chunk.elements(tensor.recipe.dtype).lowerBound, of: tensor.recipe)
        }
      }
    } consume: { batch in
      for chunk in batch {
        done += chunk.task.chunk.byteCount
        guard let difference = chunk.result else { continue }
        let name = firsts[chunk.task.tensor].name
        if found[name] == nil { found[name] = difference } else { found[name]?.add(difference) }
      }
      try progress?(done, total)
    }
    return found
  }
}

extension BitDifference {
  fileprivate init?(
    _ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer, from start: Int, of recipe: Recipe
  ) {
    guard let first = ElementDifference(expected: a, found: b, from: start, of: recipe) else { return nil }
    self.first = first
    let dtype = recipe.dtype
    for i in 0..<a.count / dtype.byteCount where bitPattern(a, at: i, dtype) != bitPattern(b, at: i, dtype) {
      let difference = abs(number(a, at: i, dtype) - number(b, at: i, dtype))
      if difference >= largest ?? 0 { largest = difference }
    }
  }
}
