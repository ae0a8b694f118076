// identify: finds the runs whose tensors a checkpoint holds.

import Foundation
import WinitCore
import WinitFiles
import WinitStorage

extension Registry {
  /// Finds the runs of this registry that a checkpoint holds, wholly or in part, by the digests of the tensors. A
  /// tensor is found under any name if dtype, shape and bytes are the same.
  ///
  /// A tensor whose elements are all equal, such as a bias of zeros, occurs in many runs and identifies none of them.
  /// It counts only for a run with another tensor in the checkpoint.
  ///
  /// The file is read and hashed once. The history does not change.
  ///
  /// - Parameters:
  ///   - path: the path of a .safetensors file, of the index of a sharded checkpoint, or of a folder with them.
  ///   - threads: the number of worker threads; nil for one per processor.
  ///   - progress: called with the bytes that were hashed and the size of all tensors.
  /// - Throws: `RegistryError` with the code `fileNotFound`, `invalidFile` if the file is not a checkpoint, or `io`.
  package func identify(
    _ path: String, threads: Int? = nil, progress: ProgressHandler? = nil
  ) throws -> Identification {
    try translatingErrors {
      let start = ContinuousClock.now
      let entries = try Checkpoint(path).entries.filter { $0.aliasOf == nil }
      let tensors = try digests(of: entries, threads: threads, progress: progress)
      var names: [TensorContent: [TensorName]] = [:]
      var contents: [TensorName: TensorContent] = [:]
      for (entry, tensor) in zip(entries, tensors) {
        let content = TensorContent(dtype: entry.dtype.rawValue, dims: entry.shape.dims, digest: tensor.digest)
        names[content, default: []].append(entry.name)
        contents[entry.name] = content
      }
      var matches: [Identification.Match] = []
      var identified: Set<TensorName> = []
      let distinctive = Set(tensors.filter { !$0.isConstant }.map(\.digest))
      try store.forEachGroupOfRuns(withTensors: distinctive) { runs, tensors in
        let (found, absent) = match(tensors, names, contents)
        // The digest is that of a tensor with another dtype or shape.
        guard found.contains(where: { distinctive.contains($0.tensor.content.digest) }) else { return }
        identified.formUnion(found.map(\.foundAs))
        let pairs = found.map { (name: $0.tensor.name.string, foundAs: $0.foundAs.string) }
        matches += runs.map { .init(run: Run($0), found: pairs, absent: absent.map(\.name.string)) }
      }
      let ranks = matches.map { ($0.isWhole ? 1 : 0, $0.found.count, -$0.renamed.count) }
      // Runs of the same rank keep their order.
      matches = matches.indices.sorted { ranks[$0] == ranks[$1] ? $0 < $1 : ranks[$0] > ranks[$1] }.map { matches[$0] }
      return Identification(
        path: path, tensorCount: entries.count,
        unidentifiedCount: entries.count { !identified.contains($0.name) }, matches: matches,
        duration: .now - start)
    }
  }

  /// Matches the tensors of a run with those of a checkpoint, first by name. Each tensor of the checkpoint matches one
  /// tensor of the run, and in addition the tensors that are tied to that tensor.
  ///
  /// - Parameters:
  ///   - names: the names of the tensors of the checkpoint, by what they hold.
  ///   - contents: what they hold, by name.
  private func match(
    _ tensors: [IdentifiableTensor], _ names: [TensorContent: [TensorName]], _ contents: [TensorName: TensorContent]
  ) -> (found: [(tensor: IdentifiableTensor, foundAs: TensorName)], absent: [IdentifiableTensor]) {
    var places: [Int: TensorName] = [:]
    var taken: Set<TensorName> = []
    for (index, tensor) in tensors.enumerated() where contents[tensor.name] == tensor.content {
      places[index] = tensor.name
      taken.insert(tensor.name)
    }
    var rest: [TensorContent: ArraySlice<TensorName>] = [:]
    func next(_ content: TensorContent) -> TensorName? {
      var others = rest[content] ?? names[content]?.filter { !taken.contains($0) }[...] ?? []
      defer { rest[content] = others }
      return others.popFirst()
    }
    for (index, tensor) in tensors.enumerated() where places[index] == nil && !tensor.isTied {
      places[index] = next(tensor.content)
    }
    for (index, tensor) in tensors.enumerated() where places[index] == nil && tensor.isTied {
      places[index] = next(tensor.content) ?? names[tensor.content]?.first
    }
    let found = tensors.indices.compactMap { index in places[index].map { (tensor: tensors[index], foundAs: $0) } }
    return (found, tensors.indices.filter { places[$0] == nil }.map { tensors[$0] })
  }

  /// Returns the digest of each tensor of a checkpoint, and whether all its elements are equal.
  private func digests(
    of entries: [Checkpoint.Entry], threads: Int?, progress: ProgressHandler?
  ) throws -> [(digest: SHA256Digest, isConstant: Bool)] {
    let sizes = entries.map { $0.shape.byteCount($0.dtype) }
    let total = sizes.reduce(0, +)
    let source = CheckpointChunks(entries: entries)
    var lists = sizes.map { DigestList(repeatingZero: Chunk.count(ofBytes: $0)) }
    var constants = [ElementRepetition?](repeating: nil, count: entries.count)
    var isConstant = [Bool](repeating: true, count: entries.count)
    let reporter = ProgressReporter(progress, total: total)
    try ChunkPipeline<ChunkID>(threads: threads, memory: .pooled).run(
      allChunks(sizes), totalBytes: total, progress: reporter
    ) { chunks, buffers in
      let digests = try source.read(chunks, into: buffers).map(\.digest)
      return zip(digests, zip(chunks, buffers)).map { digest, chunk in
        (digest, ElementRepetition(UnsafeRawBufferPointer(chunk.1), entries[chunk.0.tensor].dtype.repetitionSize))
      }
    } consume: { batch in
      for chunk in batch {
        let index = chunk.item.tensor
        if let digest = chunk.result.0 { lists[index][chunk.item.chunk.index] = digest }
        let repetition = chunk.result.1
        isConstant[index] = isConstant[index] && repetition != nil && repetition == constants[index] ?? repetition
        constants[index] = repetition
      }
      try reporter.add(batch.reduce(0) { $0 + $1.item.byteCount })
    }
    return zip(lists, isConstant).map { (SHA256Digest(ofChunks: $0), $1) }
  }
}

extension WinitCore.DType {
  /// The size of the bytes that repeat in a tensor of equal elements: that of an element, or of packed elements.
  fileprivate var repetitionSize: Int {
    hasWholeBytes ? byteCount : bitCount == 6 ? 3 : 1
  }
}

/// The element that all elements of a chunk are equal to.
private struct ElementRepetition: Equatable, Sendable {
  private let element: [UInt8]

  /// Returns nil if two elements differ.
  init?(_ bytes: UnsafeRawBufferPointer, _ size: Int) {
    guard let start = bytes.baseAddress, bytes.count >= size else { return nil }
    guard memcmp(start, start + size, bytes.count - size) == 0 else { return nil }
    element = Array(bytes.prefix(size))
  }
}
