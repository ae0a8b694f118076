// The comparison of a checkpoint with the recorded bytes of a run, chunk by chunk.

import WinitCore
import WinitFiles
import WinitStorage

/// Compares the tensors of a checkpoint with those of a run.
///
/// A whole tensor of the same dtype is compared by digest, so that its recorded bytes are needed only where they
/// differ. A box of a tensor, and rounded values, are compared with the recorded bytes, which are read or regenerated
/// and verified against their digests first.
struct ComparedChunks: Sendable {
  private let pairs: [CheckpointMatch.Pair]
  private let source: CheckpointChunks
  private let verifier: ChunkVerifier
  private let recorded: VerifiedReader

  init(_ store: Store, _ pairs: [CheckpointMatch.Pair]) {
    self.pairs = pairs
    source = CheckpointChunks(entries: pairs.map(\.entry))
    verifier = ChunkVerifier(store: store, tensors: pairs.map(\.tensor))
    recorded = VerifiedReader(store, pairs.map(\.tensor))
  }

  /// The chunks of the run's tensors that hold an element to compare.
  var chunks: [ChunkID] {
    pairs.indices.flatMap { index in
      touchedChunks(pairs[index].box, of: pairs[index].tensor.recipe).map { ChunkID(tensor: index, chunk: $0) }
    }
  }

  /// Checks that the memory suffices for the tensors whose recorded bytes are needed in any case.
  ///
  /// - Throws: `InsufficientMemory`.
  func checkMemory() throws { try recorded.checkMemory(Set(pairs.indices.filter { !pairs[$0].isWhole })) }

  /// Compares chunks. The buffers are memory to work in, one of the size of each chunk.
  func compare(_ chunks: [ChunkID], _ buffers: [UnsafeMutableRawBufferPointer]) throws -> [ChunkResult] {
    var results = [ChunkResult](repeating: .unreadable, count: chunks.count)
    let isWhole = chunks.map { pairs[$0.tensor].isWhole }
    let whole = chunks.indices.filter { isWhole[$0] }, other = chunks.indices.filter { !isWhole[$0] }
    let (ids, memory) = (whole.map { chunks[$0] }, whole.map { buffers[$0] })
    let compared = try verifier.compare(ids, try source.read(ids, into: memory), memory)
    for (i, result) in zip(whole, compared) { results[i] = result ?? .unreadable }
    let available = try recorded.readIfAvailable(other.map { chunks[$0] }, into: other.map { buffers[$0] })
    for (i, isDamaged) in zip(other, available) where isDamaged != nil {
      let difference = try difference(pairs[chunks[i].tensor], chunks[i].chunk, UnsafeRawBufferPointer(buffers[i]))
      results[i] = difference.map { .differs($0) } ?? .matches
    }
    return results
  }

  /// Returns the difference of the elements of a box that lie in a chunk.
  ///
  /// - Parameter expected: the recorded bytes of the chunk.
  private func difference(
    _ pair: CheckpointMatch.Pair, _ chunk: Chunk, _ expected: UnsafeRawBufferPointer
  ) throws -> ElementDifference? {
    let (run, file) = (pair.tensor.recipe.dtype, pair.entry.dtype)
    // The elements of a box that lie in a chunk are one range of the box, which one read takes.
    var extents: [(elements: Range<Int>, place: Int)] = []
    pair.box.forEachExtent(in: chunk.elements(run)) { elements, index in
      extents.append((elements, pair.holdsWhole ? elements.lowerBound : index))
    }
    guard let first = extents.first, let last = extents.last else { return nil }
    let start = file.byteCount(ofElements: first.place)
    let end = file.byteCount(ofElements: last.place + last.elements.count)
    let found = try pair.entry.bytes.bytes(at: start, count: end - start)
    var difference: ElementDifference?
    for (elements, place) in extents {
      let range = run.bytes(of: elements)
      let bytes = UnsafeRawBufferPointer(
        rebasing: expected[
          range.lowerBound - chunk.byteRange.lowerBound..<range.upperBound - chunk.byteRange.lowerBound])
      let offset = file.byteCount(ofElements: place) - start
      difference.add(
        found.withUnsafeBytes { found in
          let part = UnsafeRawBufferPointer(
            rebasing: found[offset..<offset + file.byteCount(ofElements: elements.count)])
          return self.difference(bytes, part, elements, pair)
        })
    }
    return difference
  }

  private func difference(
    _ expected: UnsafeRawBufferPointer, _ found: UnsafeRawBufferPointer, _ elements: Range<Int>,
    _ pair: CheckpointMatch.Pair
  ) -> ElementDifference? {
    let (dtype, shape) = (pair.entry.dtype, pair.tensor.recipe.shape)
    let start = dtype.byteCount(ofElements: elements.lowerBound)
    guard pair.isCast else {
      return ElementDifference(expected: expected, found: found, at: start, dtype, shape)
    }
    var rounded = pair.tensor.recipe.dtype.cast(expected, to: dtype).bytes
    return rounded.withUnsafeMutableBytes { rounded in
      func difference() -> ElementDifference? {
        ElementDifference(expected: UnsafeRawBufferPointer(rounded), found: found, at: start, dtype, shape)
      }
      guard difference() != nil else { return nil }
      // A library may keep any bits of a NaN, so all NaNs count as equal.
      for element in DifferingElements(UnsafeRawBufferPointer(rounded), found, at: start, dtype)
      where number(element.expected, dtype).isNaN && number(element.found, dtype).isNaN {
        let place = (element.index - elements.lowerBound) * dtype.byteCount
        for byte in place..<place + dtype.byteCount { rounded[byte] = found[byte] }
      }
      return difference()
    }
  }
}
