// Reading the rows of tensors.

import Foundation
import GRDB
import WinitCore
import WinitJSON

extension Store {
  /// The columns from which a tensor is read.
  static let tensorColumns = "id, name, dtype, shape, scheme, law, stream, seed, digest, chunk_digests"

  /// Returns the tensors in rows of a run, which include the rows of the tensors to which their laws refer.
  func tensors(from rows: [Row], of run: RunRecord) throws -> [TensorRecord] {
    let nodes = try rows.map { try node(from: $0, of: run) }
    var graph = RecipeGraph(nodes)
    let recipes: [Recipe]
    do throws(TensorFailure) { recipes = try graph.all() } catch { throw unreadable("law", error.tensor) }
    return try rows.indices.map { try tensor(from: rows[$0], nodes[$0], recipes[$0], of: run) }
  }

  private func node(from row: Row, of run: RunRecord) throws -> RecipeGraph.Node {
    let name = TensorName(try row.value("name"))
    guard let dtype = DType(rawValue: try row.value("dtype")) else { throw unreadable("dtype", name) }
    guard let numbers = (try? JSONValue(parsing: row.value("shape", String.self)))?.arrayValue,
      let shape = try? Shape(numbers.map { $0.integerValue ?? -1 })
    else { throw unreadable("shape", name) }
    guard let stream = UInt64(try row.value("stream", String.self)) else { throw unreadable("stream", name) }
    guard let seed = try row.value("seed", String?.self).map({ UInt64($0) }) ?? run.seed else {
      throw unreadable("seed", name)
    }
    let json = try? JSONValue(parsing: row.value("law", String.self))
    let target = json?["law"]?.stringValue == "same_as" ? json?["name"]?.stringValue.map { TensorName($0) } : nil
    let law = target == nil ? json.flatMap(Law.init(json:)) : nil
    guard law != nil || target != nil else { throw unreadable("law", name) }
    return RecipeGraph.Node(
      name: name, seed: seed, stream: stream, dtype: dtype, shape: shape, law: law, target: target)
  }

  private func tensor(
    from row: Row, _ node: RecipeGraph.Node, _ recipe: Recipe, of run: RunRecord
  ) throws -> TensorRecord {
    guard let scheme = try? JSONValue(parsing: row.value("scheme", String.self)) else {
      throw unreadable("scheme", node.name)
    }
    guard let digest = SHA256Digest(bytes: try row.value("digest", Data.self)) else {
      throw unreadable("digest", node.name)
    }
    guard let chunks = DigestList(bytes: Array(try row.value("chunk_digests", Data.self))),
      chunks.count == recipe.chunkCount
    else { throw unreadable("list of chunk digests", node.name) }
    return TensorRecord(
      rowID: try row.value("id"), name: node.name, scheme: scheme, recipe: recipe,
      ownSeed: recipe.seed == run.seed ? nil : recipe.seed, digest: digest,
      chunkDigests: chunks, isStored: run.isStored || !recipe.isRegenerable, tiedTo: node.target)
  }

  private func unreadable(_ what: String, _ name: TensorName) -> StoreError {
    .damaged(path: path, what: "the \(what) of tensor \(quoted: name) cannot be read")
  }
}
