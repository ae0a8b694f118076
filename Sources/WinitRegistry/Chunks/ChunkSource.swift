// The sources of chunks. Every use case reads from one source, or from two in turn.

import WinitCore

/// A source of chunks: the stored bytes of a registry, recipes, or a checkpoint. A source is addressed by tensor and
/// chunk alone, so that a source can also be a file or a machine that has no registry.
protocol ChunkSource: Sendable {
  /// Reads chunks, each into a buffer of its size, and hashes the bytes. Several threads may call this at once.
  ///
  /// - Returns: the outcome for each chunk.
  /// - Throws: an error that makes further reading useless. A chunk that cannot be read is an outcome and not an error.
  func read(_ chunks: [ChunkID], into buffers: [UnsafeMutableRawBufferPointer]) throws -> [ChunkRead]
}

/// The outcome of reading one chunk.
enum ChunkRead: Sendable, Equatable {
  /// The buffer holds bytes with this digest, which may differ from the expected digest.
  case read(SHA256Digest)
  /// The source has no bytes for this chunk and promises none.
  case absent
  /// The source should have the bytes of this chunk, and cannot read them.
  case unreadable
}
