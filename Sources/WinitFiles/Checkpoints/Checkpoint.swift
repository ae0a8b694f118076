// Checkpoints: one .safetensors file, several with an index, or a folder of them.

import Foundation
package import WinitCore

/// The tensors of a checkpoint on disk. Opening a checkpoint reads only headers.
package struct Checkpoint: Sendable {
  /// A tensor of a checkpoint.
  package struct Entry: Sendable {
    package let name: TensorName
    package let dtype: DType
    package let shape: Shape
    package let bytes: TensorBytes
    /// The name of the file that holds the tensor, or the first part of it.
    package let file: String
    /// The tensor with the same bytes, if the file names this tensor only in its metadata: safetensors.torch.save_model
    /// removes tied tensors and records them as `{"removed.name": "kept.name"}`.
    package var aliasOf: TensorName?
    /// The position of the first element in the whole tensor, if torch's distributed checkpoint wrote the tensor. The
    /// entry may be one rank's shard of the tensor, or some of the shards.
    package var shardOffsets: [Int]?
  }

  /// What to do with the shards of a torch distributed checkpoint that do not cover their tensors.
  package enum IncompleteShards: Sendable {
    /// Refuse the checkpoint.
    case refused
    /// Keep each shard as an entry with its offsets.
    case kept
  }

  /// The tensors in the order of the header or of the index, then the tensors of its files that the index does not
  /// name, then the tensors that only the metadata names.
  package let entries: [Entry]
  /// The members of `__metadata__` that all files agree on, without those that describe shards.
  package let metadata: [(key: String, value: String)]
  /// Sentences about a path that names less than the whole checkpoint.
  package let warnings: [String]

  /// Opens a .safetensors file, the index of a sharded checkpoint, such as `model.safetensors.index.json`, or a folder.
  ///
  /// A path that ends in .json is an index. The index may only name files in its own folder. A folder is taken by its
  /// index or, without one, by its .safetensors files.
  ///
  /// - Throws: `FileError`, or `FormatError` if a file is not valid.
  package init(_ path: String, incompleteShards: IncompleteShards = .refused) throws {
    if let folder = try CheckpointFolder(path) {
      try self.init(folder, incompleteShards)
    } else if path.hasSuffix(".json") {
      self.init(try CheckpointIndex(path).opened())
    } else {
      let file = try CheckpointFile(path)
      var warnings = CheckpointIndex.warning(aboutShard: path).map { [$0] } ?? []
      if file.isRankShard {
        warnings.append(
          "\(path) is one rank's shard of a torch distributed checkpoint; its folder is the whole checkpoint")
      }
      try self.init([file], path, incompleteShards, warnings)
    }
  }

  private init(_ folder: CheckpointFolder, _ incompleteShards: IncompleteShards) throws {
    switch try folder.content() {
    case .index(let path): self.init(try CheckpointIndex(path).opened())
    case .files(let paths):
      try self.init(try paths.map { try CheckpointFile($0) }, folder.path, incompleteShards, [])
    }
  }

  private init(_ index: (entries: [Entry], files: [CheckpointFile])) {
    entries = index.entries + index.files.flatMap(\.aliases).without(index.entries)
    metadata = commonMetadata(index.files)
    warnings = []
  }

  /// Creates a checkpoint of files without an index.
  private init(
    _ files: [CheckpointFile], _ path: String, _ incompleteShards: IncompleteShards, _ warnings: [String]
  ) throws {
    let entries = try ShardedTensors(files).entries(path, incompleteShards)
    self.entries = entries + files.flatMap(\.aliases).without(entries)
    metadata = commonMetadata(files)
    self.warnings = warnings
  }
}

extension [Checkpoint.Entry] {
  /// Returns the entries whose names are not those of others.
  fileprivate func without(_ others: [Checkpoint.Entry]) -> [Checkpoint.Entry] {
    guard !isEmpty else { return [] }
    let taken = Set(others.map(\.name))
    return filter { !taken.contains($0.name) }
  }
}

/// Returns the members of the files' metadata on which all files agree.
private func commonMetadata(_ files: [CheckpointFile]) -> [(key: String, value: String)] {
  guard let first = files.first else { return [] }
  let others = files.dropFirst().map { Dictionary($0.metadata.map { ($0.key, $0.value) }) { one, _ in one } }
  return first.metadata.filter { member in
    !CheckpointFile.isAboutShards(member.key) && others.allSatisfy { $0[member.key] == member.value }
  }
}
