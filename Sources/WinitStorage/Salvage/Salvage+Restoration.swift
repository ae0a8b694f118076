// The parts of a salvaged run that are made from others: a manifest from tensors, and tensors from a manifest.

import Foundation
import GRDB
package import WinitCore
package import WinitJSON

/// What a damaged file still holds of a tensor of a run.
package struct FoundTensor: Sendable {
  /// The position of the tensor in the spec.
  package let position: Int
  package let scheme: JSONValue
  /// The digests of the chunks. Their SHA-256 is the digest that the row has.
  package let chunkDigests: DigestList
}

extension Salvage {
  /// Returns the rows of the runs in the new registry.
  package func runRows() throws -> [Int64] { try target.runRows() }

  /// Returns whether the manifest of a run is lost.
  package func lacksManifest(_ run: RunRecord) throws -> Bool {
    try !lostManifests.isEmpty && lostManifests.contains(manifestRow(run.rowID))
  }

  private func manifestRow(_ run: Int64) throws -> Int64 {
    try target.read { db in
      try Int64.fetchOne(db, sql: "SELECT manifest FROM runs WHERE id = ?", arguments: [run]) ?? 0
    }
  }

  /// Gives a run the manifest that its tensors make, if an index of the damaged file has the digest of this manifest.
  ///
  /// - Returns: whether it has.
  package func restoreManifest(of run: RunRecord, _ manifest: Manifest) throws -> Bool {
    let row = try manifestRow(run.rowID)
    let (json, id) = (manifest.canonical, manifest.id)
    var isProven = false
    try pages.forEachRow(of: .manifestsByDigest) { entry in
      if entry.values[1].integer == row, entry.values[0].blob == id.bytes { isProven = true }
    }
    guard isProven else { return false }
    try target.write { db in
      try db.execute(
        sql: "UPDATE manifests SET digest = ?, weights = ?, json = ? WHERE id = ?",
        arguments: [Data(id.bytes), Data(manifest.weights.bytes), json, row])
    }
    lostManifests.remove(row)
    return true
  }

  /// Returns what was found of the tensors of a run.
  package func foundTensors(of run: RunRecord) throws -> [TensorName: FoundTensor] {
    try target.read { db in
      var found: [TensorName: FoundTensor] = [:]
      let rows = try Row.fetchCursor(
        db, sql: "SELECT name, position, scheme, chunk_digests FROM tensors WHERE run = ?", arguments: [run.rowID])
      while let row = try rows.next() {
        guard let scheme = try? JSONValue(parsing: row.value("scheme", String.self)),
          let chunks = DigestList(bytes: Array(try row.value("chunk_digests", Data.self)))
        else { continue }
        found[TensorName(try row.value("name"))] = FoundTensor(
          position: try row.value("position"), scheme: scheme, chunkDigests: chunks)
      }
      return found
    }
  }

  /// Returns the chunk digests of any tensor with a digest; nil if no tensor was found that has it.
  package func chunkDigests(ofTensorWith digest: SHA256Digest) throws -> DigestList? {
    try target.read { db in
      try Data.fetchOne(
        db, sql: "SELECT chunk_digests FROM tensors WHERE digest = ? LIMIT 1", arguments: [Data(digest.bytes)]
      ).flatMap { DigestList(bytes: Array($0)) }
    }
  }

  /// Replaces the rows of the tensors of a run.
  ///
  /// - Parameter tensors: all tensors, in the order of the spec.
  package func replaceTensors(of run: RunRecord, _ tensors: [NewTensor]) throws {
    try target.write { db in
      try db.execute(sql: "DELETE FROM tensors WHERE run = ?", arguments: [run.rowID])
      _ = try target.insertTensors(tensors, of: run.rowID, seed: run.seed, stored: false, db)
    }
  }

  /// Returns whether the bytes of a run whose row is lost were stored: a tensor that its recipe regenerates had chunks.
  /// If the references are lost too, the bytes were stored if any of the chunks is there.
  ///
  /// - Parameter areRestored: whether the tensors have new rows, to which no reference leads.
  package func wasStored(_ tensors: [TensorRecord], areRestored: Bool) throws -> Bool {
    let regenerable = tensors.filter(\.recipe.isRegenerable)
    let rows = Set(regenerable.map(\.rowID))
    var (isLost, wasStored) = (true, false)
    try pages.forEachRow(of: .tensorChunks) { row in
      isLost = areRestored
      if let tensor = row.values[0].integer, rows.contains(tensor) { wasStored = true }
    }
    return wasStored || isLost && regenerable.contains { $0.chunkDigests.contains(where: chunks.contains) }
  }

  /// Records whether the bytes of a run are stored.
  package func setStored(_ run: RunRecord, _ isStored: Bool) throws {
    try target.write { db in
      try db.execute(sql: "UPDATE runs SET stored = ? WHERE id = ?", arguments: [isStored, run.rowID])
    }
  }

  /// Records the references of the stored tensors of a run to the chunks that are in the new registry.
  package func linkChunks(of tensors: [TensorRecord]) throws {
    try target.write { db in
      for tensor in tensors where tensor.isStored {
        try db.execute(sql: "DELETE FROM tensor_chunks WHERE tensor = ?", arguments: [tensor.rowID])
        _ = try target.link(tensor.chunkDigests, to: tensor.rowID, db)
      }
    }
  }

  /// Removes a run from the new registry, and lists it as lost.
  package func lose(_ row: Int64, _ problem: String) throws {
    try target.write { db in
      let run = try Row.fetchOne(
        db,
        sql: """
          SELECT uid, name, version, digest, json FROM runs LEFT JOIN manifests ON manifests.id = manifest
          WHERE runs.id = ?
          """, arguments: [row])
      guard let run else { return }
      for sql in [
        "DELETE FROM tensor_chunks WHERE tensor IN (SELECT id FROM tensors WHERE run = ?)",
        "DELETE FROM tensors WHERE run = ?", "DELETE FROM tags WHERE run = ?", "DELETE FROM aliases WHERE run = ?",
        "DELETE FROM run_terms WHERE run = ?",
        "DELETE FROM runs WHERE id = ?",
      ] { try db.execute(sql: sql, arguments: [row]) }
      let isProven = try run.value("json", String?.self) ?? "" != ""
      let id = isProven ? try run.value("digest", Data?.self).flatMap { SHA256Digest(bytes: $0) } : nil
      lostUIDs.insert(try run.value("uid"))
      lostRuns.append(
        LostRun(
          reference: "\(try run.value("name", String.self)):v\(try run.value("version", Int64.self))", id: id,
          problem: problem))
    }
  }
}
