// Checkpoints: one .safetensors file, or several with an index.

import Foundation
package import WinitCore
import WinitJSON

/// The tensors of a checkpoint on disk. Opening a checkpoint reads only headers.
package struct Checkpoint: Sendable {
  /// A tensor of a checkpoint.
  package struct Entry: Sendable {
    package let name: TensorName
    /// The code of the dtype in safetensors.
    package let code: String
    /// The dtype, or nil if a registry does not support it.
    package let dtype: DType?
    package let shape: Shape
    package let file: InputFile
    /// The offset in the file of the first byte of the tensor.
    package let offset: Int
  }

  /// The tensors in the order of the header or of the index, then the tensors of its files that the index does not
  /// name.
  package let entries: [Entry]

  /// Opens a .safetensors file, or the index of a sharded checkpoint, such as `model.safetensors.index.json`.
  ///
  /// A path that ends in .json is an index. The index may only name files in its own folder.
  ///
  /// - Throws: `FileError`, or `FormatError` if a file is not valid.
  package init(_ path: String) throws {
    let file = try InputFile(path)
    if path.hasSuffix(".json") {
      entries = try Self.sharded(index: file)
    } else {
      entries = try Self.entries(file)
    }
  }

  private static func entries(_ file: InputFile) throws -> [Entry] {
    try SafetensorsHeader(file).entries.map {
      Entry(
        name: $0.name, code: $0.code, dtype: $0.dtype, shape: $0.shape, file: file,
        offset: $0.range.lowerBound)
    }
  }

  private static func sharded(index: InputFile) throws -> [Entry] {
    func fail(_ problem: IndexProblem) -> FormatError { FormatError(index.path, .index(problem)) }
    guard index.size <= 100_000_000 else { throw fail(.tooLarge(size: index.size, limit: 100_000_000)) }
    let json: JSONValue
    do { json = try JSONValue(parsing: try index.bytes(at: 0, count: index.size)) } catch let error
      as JSONError
    {
      throw fail(.json(error))
    }
    guard let map = json["weight_map"]?.objectValue else { throw fail(.noWeightMap) }
    let folder = folderPrefix(of: index.path)
    // The names of files are compared as bytes, like the names of tensors.
    var shards: [TensorName: [TensorName: Entry]] = [:]
    let mapped = try map.map { member -> Entry in
      guard let shard = member.value.stringValue else {
        throw fail(.fileNotAString(tensor: member.key))
      }
      guard !shard.isEmpty, !shard.utf8.contains(UInt8(ascii: "/")), !shard.utf8.contains(0), shard != ".."
      else {
        throw fail(.notInTheFolder(tensor: member.key, file: shard))
      }
      if shards[TensorName(shard)] == nil {
        let file = try InputFile(folder + shard)
        shards[TensorName(shard)] = try Self.entries(file).firstByName(\.name)
      }
      guard let entry = shards[TensorName(shard)]?[TensorName(member.key)] else {
        throw fail(.noSuchTensor(member.key, file: shard))
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
    return mapped + others
  }
}
