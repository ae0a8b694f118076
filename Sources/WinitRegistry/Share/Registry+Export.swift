// get: writes tensors, or slices of tensors, to a file.

import WinitCore
import WinitFiles
import WinitStorage

/// A file format for tensors.
public enum FileFormat: String, Sendable, CaseIterable {
  /// The safetensors format, for any number of tensors. The same selection of the same run gives the same file.
  case safetensors
  /// The format of NumPy, for one tensor of any dtype but bfloat16.
  case npy
  /// The bytes of one tensor: little-endian, row-major, without a header.
  case raw
}

/// A selection of tensors of a run, or of slices of them.
public struct TensorSelection: Sendable {
  /// The names of the tensors; nil for all tensors.
  public var tensors: [String]?
  /// The slice to take of each tensor; nil for whole tensors.
  public var slice: TensorSlice?
  /// Whether tensors that share the values of another tensor are included if ``tensors`` is nil.
  public var includesTied: Bool

  /// Creates a selection, by default of all tensors.
  public init(tensors: [String]? = nil, slice: TensorSlice? = nil, includesTied: Bool = true) {
    self.tensors = tensors
    self.slice = slice
    self.includesTied = includesTied
  }
}

/// The result of writing tensors to files.
public struct ExportReceipt: Sendable {
  /// The run whose tensors were written.
  public let run: Run
  /// The number of tensors that were written.
  public let tensorCount: Int
  /// The size of what was written, headers included, in bytes.
  public let byteCount: Int
  /// The names of tensors whose stored bytes are damaged. Their bytes were regenerated, so the file is correct.
  public let damaged: [String]
  /// The time that the operation took.
  package let duration: Duration
}

extension Registry {
  /// Writes tensors to a file, which appears whole or not at all.
  ///
  /// Stored chunks are read, and other chunks are regenerated. Every chunk is verified against its recorded digest
  /// before a byte of it is written. A slice costs the chunks that it touches.
  ///
  /// ```swift
  /// try registry.export(run, to: "gpt2.safetensors")
  /// ```
  ///
  /// - Parameters:
  ///   - run: a run of this registry.
  ///   - selection: the tensors or slices; by default all tensors.
  ///   - format: the format of the file. `npy` and `raw` hold one tensor.
  ///   - path: the path of the file.
  ///   - replacing: whether a file at the path may be replaced. The registry itself is never replaced.
  ///   - threads: the number of worker threads; nil for one per processor.
  ///   - progress: called with the bytes that were written and the size of the selected tensors or slices.
  /// - Throws: `RegistryError` with the code `tensorNotFound`, `invalidArgument` if the format cannot hold the
  ///   selection, `invalidSlice` if the slice does not fit a shape, `mismatch` if a chunk has other bytes than recorded
  ///   and does not regenerate, `fileExists`, `fileNotFound` if the folder does not exist, or `io`.
  @discardableResult
  public func export(
    _ run: Run, _ selection: TensorSelection = TensorSelection(), format: FileFormat = .safetensors, to path: String,
    replacing: Bool = false, threads: Int? = nil, progress: ProgressHandler? = nil
  ) throws -> ExportReceipt {
    try translatingErrors {
      let export = try Export(self, run, selection, format)
      let file = try OutputFile(path, replacing: replacing, protected: self.path)
      let receipt = try export.write(to: file, threads: threads, progress: progress)
      try file.commit()
      return receipt
    }
  }

  /// Writes tensors to standard output.
  package func exportToStandardOutput(
    _ run: Run, _ selection: TensorSelection, format: FileFormat, threads: Int? = nil, progress: ProgressHandler? = nil
  ) throws -> ExportReceipt {
    try translatingErrors {
      try Export(self, run, selection, format).write(to: StandardOutput(), threads: threads, progress: progress)
    }
  }
}
