// Checkpoints: one .safetensors file, or a sharded one by its index.

import Foundation
package import WinitCore
import WinitJSON

/// The tensors of a checkpoint on disk. Opening it reads headers only.
package struct Checkpoint: Sendable {
  package struct Entry: Sendable {
    package let name: TensorName
    /// safetensors' code of the dtype; `dtype` is nil where this version does not support it.
    package let code: String
    package let dtype: DType?
    package let shape: Shape
    package let file: InputFile
    /// Where the tensor's bytes begin in the file.
    package let offset: Int
  }

  /// In the order of the header, or of the index; after the index's those that its files hold beside them.
  package let entries: [Entry]

  /// Opens a .safetensors file, or the `model.safetensors.index.json` of a sharded checkpoint (any file whose name
  /// ends in .json) with the files that it names beside it.
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
    func fail(_ problem: String) -> FormatError {
      FormatError(index.path, "not the index of a sharded checkpoint: \(problem)")
    }
    guard index.size <= 100_000_000 else { throw fail("it has \(index.size) bytes") }
    let json: JSONValue
    do { json = try JSONValue(parsing: try index.bytes(at: 0, count: index.size)) } catch let error
      as JSONError
    {
      throw fail("it is \(error)")
    }
    guard let map = json["weight_map"]?.objectValue else { throw fail("it has no `weight_map` object") }
    let folder = folderPrefix(of: index.path)
    // Files, as tensors, are told apart by the bytes of their names.
    var shards: [TensorName: [TensorName: Entry]] = [:]
    let mapped = try map.map { member -> Entry in
      guard let shard = member.value.stringValue else {
        throw fail("the file of `\(member.key)` is not a string")
      }
      guard !shard.isEmpty, !shard.utf8.contains(UInt8(ascii: "/")), !shard.utf8.contains(0), shard != ".."
      else {
        throw fail("`\(member.key)` lies in `\(shard)`, which is not the name of a file beside the index")
      }
      if shards[TensorName(shard)] == nil {
        let file = try InputFile(folder + shard)
        shards[TensorName(shard)] = Dictionary(
          try Self.entries(file).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
      }
      guard let entry = shards[TensorName(shard)]?[TensorName(member.key)] else {
        throw fail("`\(member.key)` is not in `\(shard)`, where the index says it is")
      }
      return entry
    }
    // Readers that load whole files see these too.
    let named = Set(mapped.map(\.name))
    let others = shards.values.flatMap(\.values).filter { !named.contains($0.name) }.sorted {
      $0.name < $1.name
    }
    for (first, second) in zip(others, others.dropFirst()) where first.name == second.name {
      throw fail("`\(first.name)` is in two of its files and not in the index")
    }
    return mapped + others
  }
}
