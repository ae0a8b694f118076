// The index of a sharded checkpoint, as Hugging Face's libraries write it.

import WinitCore
import WinitJSON

/// The index of a sharded checkpoint: the file of each tensor.
struct CheckpointIndex {
  private let path: String
  private let map: [(tensor: String, file: String)]

  /// Reads an index.
  ///
  /// - Throws: `FileError`, or `FormatError` if the file is not an index.
  init(_ path: String) throws {
    let index = try InputFile(path)
    func fail(_ problem: IndexProblem) -> FormatError { FormatError(path, .index(problem)) }
    guard index.size <= 100_000_000 else { throw fail(.tooLarge(size: index.size, limit: 100_000_000)) }
    let json: JSONValue
    do { json = try JSONValue(parsing: try index.bytes(at: 0, count: index.size)) } catch let error
      as JSONError
    {
      throw fail(.json(error))
    }
    guard let map = json["weight_map"]?.objectValue else { throw fail(.noWeightMap) }
    self.path = path
    self.map = try map.map { member in
      guard let shard = member.value.stringValue else { throw fail(.fileNotAString(tensor: member.key)) }
      guard !shard.isEmpty, !shard.utf8.contains(UInt8(ascii: "/")), !shard.utf8.contains(0), shard != ".."
      else {
        throw fail(.notInTheFolder(tensor: member.key, file: shard))
      }
      return (member.key, shard)
    }
  }

  /// Opens the files of the index. The result has the tensors in the order of the index, then the tensors of the files
  /// that the index does not name.
  func opened() throws -> (entries: [Checkpoint.Entry], files: [CheckpointFile]) {
    func fail(_ problem: IndexProblem) -> FormatError { FormatError(path, .index(problem)) }
    let folder = folderPrefix(of: path)
    // The names of files are compared as bytes, like the names of tensors.
    var shards: [TensorName: [TensorName: Checkpoint.Entry]] = [:]
    var files: [CheckpointFile] = []
    let mapped = try map.map { tensor, shard -> Checkpoint.Entry in
      if shards[TensorName(shard)] == nil {
        let file = try CheckpointFile(folder + shard)
        files.append(file)
        shards[TensorName(shard)] = file.entries.firstByName(\.name)
      }
      guard let entry = shards[TensorName(shard)]?[TensorName(tensor)] else {
        throw fail(.noSuchTensor(tensor, file: shard))
      }
      return entry
    }
    // Readers that load whole files also see the tensors that the index does not name.
    let named = Set(mapped.map(\.name))
    let others = shards.values.flatMap(\.values).filter { !named.contains($0.name) }.sorted {
      $0.name < $1.name
    }
    for (first, second) in zip(others, others.dropFirst()) where first.name == second.name {
      throw fail(.duplicateTensor(first.name))
    }
    return (mapped + others, files)
  }

  /// Returns a warning about a file that is one of several of an index beside it; nil for any other file.
  static func warning(aboutShard path: String) -> String? {
    let folder = folderPrefix(of: path)
    let name = String(path.dropFirst(folder.count))
    guard name.contains(/-[0-9]+-of-[0-9]+\.safetensors$/) else { return nil }
    let indices = (try? CheckpointFolder.names(in: folder.isEmpty ? "." : folder))?.filter(isIndex) ?? []
    for index in indices.sorted().prefix(8) {
      guard let files = try? Set(CheckpointIndex(folder + index).map.map { TensorName($0.file) }), files.count > 1,
        files.contains(TensorName(name))
      else { continue }
      return "\(path) is one of \(files.count) files of \(folder)\(index), which is the whole checkpoint"
    }
    return nil
  }

  /// Returns whether a file is an index by its name.
  static func isIndex(_ name: String) -> Bool { name.hasSuffix(".safetensors.index.json") }
}
