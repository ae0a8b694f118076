// export --manifest: writes a manifest, one tensor a line, and the literals beside it.

import WinitCore
import WinitFiles
import WinitStorage

/// The result of writing a manifest.
package struct ManifestReceipt: Sendable {
  package let run: Run
  /// The file of the manifest.
  package let path: String
  /// The file of the literals; nil if the run has none.
  package let literalsPath: String?
  /// The size of both files, in bytes.
  package let byteCount: Int
  package let duration: Duration
}

extension Registry {
  /// Writes the manifest of a run with a line for each tensor, so that a version control system shows which tensors
  /// changed. The bytes of literals, which no recipe gives, are written to a file beside it. Both files appear, or
  /// neither does.
  ///
  /// - Parameters:
  ///   - path: the path of the manifest, which ends in `.json`.
  ///   - replacing: whether files may be replaced.
  /// - Throws: `RegistryError` with the code `invalidArgument` for another ending, `mismatch` if the record contradicts
  ///   itself or a literal is damaged, `fileExists`, `fileNotFound` if the folder does not exist, or `io`.
  @discardableResult
  package func exportManifest(
    _ run: Run, to path: String, replacing: Bool = false, threads: Int? = nil, progress: ProgressHandler? = nil
  ) throws -> ManifestReceipt {
    try translatingErrors {
      let start = ContinuousClock.now
      guard path.hasSuffix(".json") else {
        throw RegistryError.invalidArgument("the name of a manifest ends in .json; `\(path)` does not")
      }
      let manifest = Manifest(seed: run.record.seed, tensors: try selectedRecords(nil, of: run).map(\.manifestEntry))
      let file = try OutputFile(path, replacing: replacing, protected: self.path)
      let text = Array(manifest.lines.utf8)
      try file.write(text)
      var byteCount = text.count
      let names = manifest.tensors.filter(\.isLiteral).map(\.name.string)
      var literals: OutputFile?
      let literalsPath = names.isEmpty ? nil : ManifestFile.literalsPath(path)
      if let literalsPath {
        let selection = TensorSelection(tensors: names)
        let export = try Export(self, run, selection)
        let (header, ordered) = try export.laidOut(.safetensors, metadata: try export.metadata(selection, cast: nil))
        let output = try OutputFile(literalsPath, replacing: replacing, protected: self.path)
        byteCount += try ordered.write(to: StreamTarget(header, output), threads: threads, progress: progress).byteCount
        literals = output
      }
      try OutputFile.commit(literals, then: file)
      return ManifestReceipt(
        run: run, path: path, literalsPath: literalsPath, byteCount: byteCount, duration: .now - start)
    }
  }
}
