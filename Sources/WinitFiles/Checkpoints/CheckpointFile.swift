// One .safetensors file of a checkpoint.

import WinitCore
import WinitJSON

/// The tensors and the metadata of one .safetensors file.
struct CheckpointFile {
  let path: String
  let entries: [Checkpoint.Entry]
  /// The tensors that only the metadata names, with the bytes of the tensors that it names beside them.
  let aliases: [Checkpoint.Entry]
  let metadata: [(key: String, value: String)]

  /// Whether torch's distributed checkpoint wrote the file as the shard of one rank.
  var isRankShard: Bool { metadata.contains { $0.key == Self.shardingKey } }

  /// The member of `__metadata__` under which torch's HuggingFaceStorageWriter records the offsets of shards.
  private static let shardingKey = "DCP_SHARDING_INFO"

  /// Returns whether a member of `__metadata__` is about the shards of torch's distributed checkpoint.
  static func isAboutShards(_ key: String) -> Bool { key == shardingKey || key == "DCP_VERSION" }

  /// Opens a file and reads its header.
  ///
  /// - Throws: `FileError`, or `FormatError` that names the format if the file has another one.
  init(_ path: String) throws {
    let file = try InputFile(path)
    let header: SafetensorsHeader
    do { header = try SafetensorsHeader(file) } catch let error as FormatError {
      guard let format = try ForeignFormat(file) else { throw error }
      throw FormatError(path, .foreign(format))
    }
    self.path = path
    metadata = header.metadata
    let name = String(path.dropFirst(folderPrefix(of: path).count))
    let offsets = try Self.shardOffsets(header, path)
    let entries = header.entries.map { entry in
      Checkpoint.Entry(
        name: entry.name, dtype: entry.dtype, shape: entry.shape,
        bytes: TensorBytes(file, offset: entry.range.lowerBound), file: name, shardOffsets: offsets?[entry.name])
    }
    self.entries = entries
    let byName = metadata.isEmpty ? [:] : entries.firstByName(\.name)
    aliases = metadata.compactMap { member in
      let name = TensorName(member.key)
      guard member.key != "format", byName[name] == nil, let kept = byName[TensorName(member.value)] else { return nil }
      return Checkpoint.Entry(
        name: name, dtype: kept.dtype, shape: kept.shape, bytes: kept.bytes, file: kept.file, aliasOf: kept.name,
        shardOffsets: kept.shardOffsets)
    }
  }

  /// Returns the offsets of the shards of a file; nil if the file is not the shard of a rank.
  private static func shardOffsets(_ header: SafetensorsHeader, _ path: String) throws -> [TensorName: [Int]]? {
    guard let text = header.metadata.first(where: { $0.key == shardingKey })?.value else { return nil }
    guard let members = (try? JSONValue(parsing: text))?.objectValue else {
      throw FormatError(path, .sharding(.notAnObject))
    }
    let infos = Dictionary(members.map { (TensorName($0.key), $0.value) }) { first, _ in first }
    var offsets: [TensorName: [Int]] = [:]
    for entry in header.entries {
      guard let info = infos[entry.name] else {
        offsets[entry.name] = entry.shape.dims.map { _ in 0 }
        continue
      }
      let numbers = info["saved_offsets"]?.arrayValue ?? []
      let values = numbers.compactMap(\.integerValue)
      let limit = 1 << 53
      guard values.count == entry.shape.rank, numbers.count == values.count,
        zip(values, entry.shape.dims).allSatisfy({ (0...limit).contains($0) && $1 <= limit - $0 })
      else { throw FormatError(path, .sharding(.badOffsets(entry.name))) }
      offsets[entry.name] = values
    }
    return offsets
  }
}
