// Sink: chunks that are added to a registry under a lease, until a commit refers to them or they are rolled back.

import WinitCore
import WinitStorage

/// Adds chunks in bounded transactions and ends with one commit that refers to them.
final class ChunkWriter {
  /// The chunks to write, and the function that reads them.
  struct Load {
    let chunks: AnySequence<ChunkID>
    /// Whether the bytes are stored; otherwise only the digests are computed.
    let keepsBytes: Bool
    /// Whether the calling thread reads the chunks itself.
    let usesCallingThread: Bool
    /// Reads a batch, on several threads at once, and returns the digest of each chunk.
    let read: @Sendable ([ChunkID], [UnsafeMutableRawBufferPointer]) throws -> [SHA256Digest]

    init(
      _ chunks: some Sequence<ChunkID>, keepsBytes: Bool = true, usesCallingThread: Bool = false,
      read: @escaping @Sendable ([ChunkID], [UnsafeMutableRawBufferPointer]) throws -> [SHA256Digest]
    ) {
      self.chunks = AnySequence(chunks)
      self.keepsBytes = keepsBytes
      self.usesCallingThread = usesCallingThread
      self.read = read
    }

    /// Creates a load of chunks of recorded tensors, which the reader verifies.
    ///
    /// - Parameter damaged: called, on several threads at once, with each chunk that is damaged and was regenerated.
    init(
      _ chunks: some Sequence<ChunkID>, verified reader: VerifiedReader,
      damaged: @escaping @Sendable (ChunkID) -> Void = { _ in }
    ) {
      self.init(chunks) { chunks, buffers in
        for (id, isDamaged) in zip(chunks, try reader.read(chunks, into: buffers)) where isDamaged { damaged(id) }
        return chunks.map(reader.digest)
      }
    }
  }

  let store: Store
  let lease = Lease()
  private let threads: Int?
  private let progress: ProgressReporter
  private let total: Int
  private var done = 0
  /// Whether the lease may be in the file.
  private var mayHaveLease = false
  /// The number of bytes that are in the file, or need not be there.
  private var written = 0
  /// Whether the bytes in progress are stored.
  private var keepsBytes = false
  /// The number of bytes that were added as new chunks.
  private(set) var storedBytes = 0

  private init(_ store: Store, total: Int, threads: Int?, progress: ProgressHandler?) {
    self.store = store
    self.total = total
    self.threads = threads
    self.progress = ProgressReporter(progress, total: total)
  }

  /// Runs a body that writes chunks. After an error, rolls back the chunks that the body added.
  ///
  /// - Parameters:
  ///   - path: the path of the file for errors, if the store has a temporary path. The caller removes such a file after
  ///     an error.
  ///   - isNew: whether this process has created the file for these chunks. After an error, the file is removed.
  /// - Throws: the error of the body, or `RegistryError.incompleteRollback` if some bytes could not be removed.
  static func run<Result>(
    _ store: Store, at path: String? = nil, isNew: Bool = false, total: Int, threads: Int?, progress: ProgressHandler?,
    _ body: (ChunkWriter) throws -> Result
  ) throws -> Result {
    let writer = ChunkWriter(store, total: total, threads: threads, progress: progress)
    do {
      return try namingFullDisk(path ?? store.path, needed: writer.keepsBytes ? writer.total - writer.written : nil) {
        try body(writer)
      }
    } catch {
      // A file with a temporary path is removed whole.
      if path != nil { throw error }
      if isNew, store.removeIfUnused(writer.lease) { throw error }
      guard writer.mayHaveLease else { throw error }
      let left = store.rollBack(writer.lease) ?? writer.storedBytes
      throw left == 0 ? error : RegistryError.incompleteRollback(bytes: left, after: error)
    }
  }

  /// Adds chunks, then commits the rows that refer to them. A garbage collection of another process can delete the
  /// chunks before the commit if the lease has expired; these chunks are added again.
  ///
  /// - Parameters:
  ///   - digest: returns the digest of a chunk that was added.
  ///   - added: called with each chunk and its digest.
  ///   - commit: records the rows that refer to the chunks, or throws `StoreError.missingChunks`.
  func write<Result>(
    _ loads: [Load], digest: (ChunkID) -> SHA256Digest, added: (ChunkID, SHA256Digest) -> Void = { _, _ in },
    commit: () throws -> Result
  ) throws -> Result {
    for load in loads { try add(load.chunks, load, added) }
    for _ in 0..<10 {
      do { return try commit() } catch StoreError.missingChunks(let missing) {
        for load in loads where load.keepsBytes {
          try add(load.chunks.filter { missing.contains(digest($0)) }, load, added)
        }
      }
    }
    // Another process deletes the chunks as fast as they are added, or the file that is imported changes meanwhile.
    return try commit()
  }

  private func add(_ chunks: some Sequence<ChunkID>, _ load: Load, _ added: (ChunkID, SHA256Digest) -> Void) throws {
    keepsBytes = load.keepsBytes
    let pipeline = ChunkPipeline<ChunkID>(
      threads: threads, memory: load.keepsBytes ? .pooled : .none, usesCallingThread: load.usesCallingThread)
    try pipeline.runInGroups(chunks, totalBytes: total, progress: progress, work: load.read) { next in
      // The first batch of a group is waited for before the transaction begins, and no other one is waited for.
      guard let first = try next() else { return }
      let before = done
      func add(_ batch: [ChunkPipeline<ChunkID>.Done<SHA256Digest>]) {
        for chunk in batch {
          added(chunk.item, chunk.result)
          done += chunk.item.byteCount
        }
      }
      add(first)
      if load.keepsBytes {
        do {
          storedBytes += try store.addChunks(first.map { ($0.result, $0.bytes) }, lease) {
            guard let batch = try next() else { return nil }
            add(batch)
            return batch.map { ($0.result, $0.bytes) }
          }
        } catch {
          // A transaction that did not begin has left nothing to roll back.
          if case StoreError.locked = error { throw error }
          if !store.isInterruption(error) { mayHaveLease = true }
          throw error
        }
        mayHaveLease = true
        yieldToOtherWriters()
      }
      written = done
      try progress.add(done - before)
    }
  }
}
