// export: writes runs to a bundle, which is a registry file.

import WinitCore
import WinitFiles
import WinitJSON
import WinitStorage

/// The result of an export of runs to a bundle.
package struct BundleReceipt: Sendable {
  /// The exported runs, as this registry names them, each once.
  package let runs: [Run]
  /// The tensors whose stored bytes are damaged, each with the reference of its run. They were regenerated.
  package let damaged: [(reference: String, tensor: String)]
  /// The size of the bundle, in bytes.
  package let fileBytes: Int
  /// The time that the operation took.
  package let duration: Duration
}

extension Registry {
  /// Writes runs to a bundle: a registry file of their own, which appears whole or not at all. A run with stored bytes
  /// keeps its bytes, and a recipe-only run stays recipe-only. Every chunk is verified before it is written.
  ///
  /// ```swift
  /// try registry.exportBundle([registry.run("gpt2:baseline")], to: "gpt2.winit")
  /// ```
  ///
  /// - Parameters:
  ///   - runs: runs of this registry.
  ///   - path: the path of the bundle.
  ///   - includingEnvironment: whether the bundle names the machine and the user. Names, experiments, tags, notes,
  ///     aliases and git commits are always in it.
  ///   - replacing: whether a file at the path may be replaced.
  ///   - threads: the number of worker threads; nil for one per processor.
  ///   - progress: called with the bytes that were written or verified and the size of all runs.
  /// - Returns: the size of the bundle, in bytes.
  /// - Throws: `RegistryError` with the code `mismatch` if a chunk cannot be verified, `fileExists`, `fileNotFound` if
  ///   the folder does not exist, or `io`.
  @discardableResult
  public func exportBundle(
    _ runs: [Run], to path: String, includingEnvironment: Bool = false, replacing: Bool = false, threads: Int? = nil,
    progress: ProgressHandler? = nil
  ) throws -> Int {
    try writeBundle(
      runs, to: path, includingEnvironment: includingEnvironment, replacing: replacing, threads: threads,
      progress: progress
    ).fileBytes
  }

  /// Writes runs to a bundle, and returns a receipt.
  package func writeBundle(
    _ runs: [Run], to path: String, includingEnvironment: Bool, replacing: Bool, threads: Int?,
    progress: ProgressHandler?
  ) throws -> BundleReceipt {
    try translatingErrors {
      let start = ContinuousClock.now
      let output = try OutputDatabase(path, replacing: replacing, protected: self.path)
      var uids: Set<String> = []
      let runs = runs.filter { uids.insert($0.uid).inserted }
      let total = totalBytes(of: runs.map(\.record))
      var done = 0
      var damaged: [(reference: String, tensor: String)] = []
      try naming(path, inPlaceOf: output.temporary) {
        let bundle = try namingFullDisk(path) { try Store.openOrCreate(output.temporary) }
        for run in runs.sorted(by: { ($0.name, $0.version) < ($1.name, $1.version) }) {
          let copy = try copy(
            run.record, from: store, to: bundle, at: path, includingEnvironment: includingEnvironment,
            Event("export", by: .object([])), threads
          ) { bytes, _ in try progress?(done &+ bytes, total) }
          damaged += copy.damaged.map { (run.reference, $0) }
          done &+= run.byteCount
        }
        try bundle.close()
      }
      let size = try output.commit()
      return BundleReceipt(runs: runs, damaged: damaged, fileBytes: size, duration: .now - start)
    }
  }
}
