// The shards of a checkpoint, grouped and named as huggingface_hub's writer does it.

import WinitCore
import WinitFiles
import WinitJSON

/// Groups tensors into shards in their order: `split_torch_state_dict_into_shards` of huggingface_hub 2.4. A shard is
/// full when the next tensor would exceed the limit. A tensor that is larger than the limit gets a shard of its own,
/// which comes before the shard that is being filled.
///
/// - Parameters:
///   - sizes: the sizes of the tensors in bytes.
///   - limit: the maximum size of a shard in bytes; nil for one shard.
/// - Returns: the indices of the tensors of each shard; one empty shard if there are no tensors.
package func shards(of sizes: [Int], limit: Int?) -> [[Int]] {
  guard let limit else { return [Array(sizes.indices)] }
  var shards: [[Int]] = []
  var (current, currentSize) = ([Int](), 0)
  for (index, size) in sizes.enumerated() {
    guard size <= limit else {
      shards.append([index])
      continue
    }
    if currentSize + size > limit {
      shards.append(current)
      (current, currentSize) = ([], 0)
    }
    current.append(index)
    currentSize += size
  }
  if !current.isEmpty || shards.isEmpty { shards.append(current) }
  return shards
}

/// Returns the name of a shard of `count`: `model-00001-of-00002.safetensors`, or `model.safetensors` for a single one.
package func shardName(_ index: Int, of count: Int) -> String {
  func digits(_ number: Int) -> String { String(repeating: "0", count: max(0, 5 - "\(number)".count)) + "\(number)" }
  return count == 1 ? "model.safetensors" : "model-\(digits(index + 1))-of-\(digits(count)).safetensors"
}

extension Export {
  /// Returns the safetensors files of a folder, the export with the tensors in their order, and the index; no index if
  /// there is one file.
  func sharded(limit: Int?, metadata: [(String, String)]) -> (
    files: [FolderTarget.File], export: Export, index: (name: String, text: String)?
  ) {
    let shards = shards(of: items.map(\.byteCount), limit: limit)
    var files: [FolderTarget.File] = []
    var order: [Int] = []
    var map: [JSONValue.Member] = []
    for (number, shard) in shards.enumerated() {
      let name = shardName(number, of: shards.count)
      let layout = SafetensorsLayout(
        shard.map { (items[$0].name, items[$0].dtype, items[$0].shape) }, metadata: metadata)
      files.append(
        .init(
          name: name, header: layout.header, count: shard.count,
          tensorBytes: shard.reduce(0) { $0 + items[$1].byteCount }))
      order += layout.order.map { shard[$0] }
      map += shard.map { .init(items[$0].name.string, .string(name)) }
    }
    let sorted = map.sorted { TensorName($0.key) < TensorName($1.key) }
    let total = items.reduce(0) { $0 + $1.byteCount }
    let index: JSONValue = ["metadata": ["total_size": .integer(total)], "weight_map": .object(sorted)]
    return (
      files, ordered(by: order),
      shards.count == 1 ? nil : (name: "model.safetensors.index.json", text: index.pretty + "\n")
    )
  }
}
