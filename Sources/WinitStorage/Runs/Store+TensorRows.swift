// Reading the rows of tensors.

import Foundation
import GRDB
import WinitCore
import WinitJSON

extension Store {
  /// Returns the tensors in the rows of a run.
  func tensors(from rows: [Row], of run: RunRecord) throws -> [TensorRecord] {
    var rows = try TensorRows(rows, of: run, path: path)
    return try rows.records()
  }
}

/// The rows of the tensors of a run, some of which depend on others: a tied tensor has the law of its target, and the
/// recipe of a norm holds that of the tensor whose norm it is.
private struct TensorRows {
  private struct Entry {
    let row: Row
    let name: TensorName
    let tiedTo: TensorName?
    let law: Law?
  }

  private let run: RunRecord
  private let path: String
  private let entries: [Entry]
  private let indices: [TensorName: Int]
  private var recipes: [Int: Recipe] = [:]

  /// The maximum number of tensors each of which depends on the next.
  private static let depthLimit = 16

  init(_ rows: [Row], of run: RunRecord, path: String) throws {
    (self.run, self.path) = (run, path)
    entries = try rows.map { row in
      let json = try? JSONValue(parsing: row.value("law", String.self))
      let isTied = json?["law"]?.stringValue == "same_as"
      return Entry(
        row: row, name: TensorName(try row.value("name")),
        tiedTo: isTied ? json?["name"]?.stringValue.map { TensorName($0) } : nil,
        law: isTied ? nil : json.flatMap(Law.init(json:)))
    }
    indices = Dictionary(entries.enumerated().map { ($1.name, $0) }) { first, _ in first }
  }

  mutating func records() throws -> [TensorRecord] {
    try entries.indices.map { try record($0) }
  }

  private mutating func record(_ index: Int) throws -> TensorRecord {
    let entry = entries[index]
    let recipe = try recipe(index)
    guard let scheme = try? JSONValue(parsing: entry.row.value("scheme", String.self)) else {
      throw unreadable("scheme", entry)
    }
    guard let digest = SHA256Digest(bytes: try entry.row.value("digest", Data.self)) else {
      throw unreadable("digest", entry)
    }
    guard let chunks = DigestList(bytes: Array(try entry.row.value("chunk_digests", Data.self))),
      chunks.count == recipe.chunkCount
    else { throw unreadable("list of chunk digests", entry) }
    return TensorRecord(
      rowID: try entry.row.value("id"), name: entry.name, scheme: scheme, recipe: recipe, digest: digest,
      chunkDigests: chunks, isStored: run.isStored || !recipe.isRegenerable, tiedTo: entry.tiedTo)
  }

  private mutating func recipe(_ index: Int, depth: Int = 0) throws -> Recipe {
    if let recipe = recipes[index] { return recipe }
    let entry = entries[index]
    let row = entry.row
    guard let dtype = DType(rawValue: try row.value("dtype")) else { throw unreadable("dtype", entry) }
    guard let numbers = (try? JSONValue(parsing: row.value("shape", String.self)))?.arrayValue,
      let shape = try? Shape(numbers.map { $0.integerValue ?? -1 })
    else { throw unreadable("shape", entry) }
    guard let stream = UInt64(try row.value("stream", String.self)) else { throw unreadable("stream", entry) }
    let ownSeed = try row.value("seed", String?.self)
    guard let seed = ownSeed.map({ UInt64($0) }) ?? run.seed else { throw unreadable("seed", entry) }
    var (law, source) = (entry.law, Recipe?.none)
    if let target = entry.tiedTo {
      // The target of a tie has a law of its own.
      if let target = indices[target], depth < Self.depthLimit, entries[target].tiedTo == nil {
        let target = try recipe(target, depth: depth + 1)
        (law, source) = (target.law, target.source)
      }
    } else if case .normOf(let name, _) = law {
      guard let other = indices[name], depth < Self.depthLimit else { throw unreadable("law", entry) }
      let recipe = try recipe(other, depth: depth + 1)
      source = recipe.law == .literal ? nil : recipe
    }
    guard let law,
      let recipe = try? Recipe(seed: seed, stream: stream, dtype: dtype, shape: shape, law: law, source: source)
    else { throw unreadable("law", entry) }
    recipes[index] = recipe
    return recipe
  }

  private func unreadable(_ what: String, _ entry: Entry) -> StoreError {
    .damaged(path: path, what: "the \(what) of tensor `\(entry.name)` cannot be read")
  }
}
