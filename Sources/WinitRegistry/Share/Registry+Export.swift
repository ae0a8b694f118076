// get: writes tensors, or slices of tensors, to a file.

import WinitCore
import WinitFiles
import WinitStorage

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

/// The tensors of a selection, whose records were checked. A command that first prints a note about the tensors checks
/// the records once.
package struct SelectedTensors: Sendable {
  package let run: Run
  let selection: TensorSelection
  let records: [TensorRecord]

  package var tensors: [RunTensor] { records.map(RunTensor.init) }
}

/// The result of writing tensors to files.
public struct ExportReceipt: Sendable {
  /// The run whose tensors were written.
  public let run: Run
  /// The number of tensors that were written.
  public let tensorCount: Int
  /// The size of what was written, headers included, in bytes.
  public internal(set) var byteCount: Int
  /// The names of tensors whose stored bytes are damaged. Their bytes were regenerated, so the file is correct.
  public let damaged: [String]
  /// The dtype to which the floating-point tensors were cast; nil if they have their own dtypes.
  package internal(set) var cast: DType?
  /// The number of tensors that were to be cast and are as they are in the run, because they have another kind of dtype.
  package internal(set) var uncastCount = 0
  /// The names of the files of a folder; empty for a single file.
  package internal(set) var files: [String] = []
  /// The time that the operation took.
  package internal(set) var duration: Duration

  init(run: Run, tensorCount: Int, byteCount: Int, damaged: [String], duration: Duration) {
    (self.run, self.tensorCount, self.byteCount) = (run, tensorCount, byteCount)
    (self.damaged, self.duration) = (damaged, duration)
  }
}

extension Registry {
  /// Returns the tensors of a selection. A few tensors of a large run cost no more than these tensors.
  ///
  /// - Throws: `RegistryError` with the code `tensorNotFound`, or `mismatch` if the record contradicts itself.
  package func selected(_ selection: TensorSelection, of run: Run) throws -> SelectedTensors {
    try translatingErrors {
      SelectedTensors(run: run, selection: selection, records: try selectedRecords(selection, of: run))
    }
  }

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
  ///   - dtype: the dtype to which floating-point tensors are cast, each element rounded to the nearest value; nil for
  ///     their own dtypes.
  ///   - replacing: whether a file at the path may be replaced. The registry itself is never replaced.
  ///   - threads: the number of worker threads; nil for one per processor.
  ///   - progress: called with the bytes that were written and the size of the selected tensors or slices.
  /// - Throws: `RegistryError` with the code `tensorNotFound`, `invalidArgument` if the format or the dtype cannot hold
  ///   the selection, `invalidSlice` if the slice does not fit a shape, `mismatch` if a chunk has other bytes than
  ///   recorded and does not regenerate, `fileExists`, `fileNotFound` if the folder does not exist, or `io`.
  @discardableResult
  public func export(
    _ run: Run, _ selection: TensorSelection = TensorSelection(), format: FileFormat = .safetensors, to path: String,
    dtype: DType? = nil, replacing: Bool = false, threads: Int? = nil, progress: ProgressHandler? = nil
  ) throws -> ExportReceipt {
    try export(
      selected(selection, of: run), format: format, to: path, dtype: dtype, replacing: replacing, threads: threads,
      progress: progress)
  }

  /// Writes selected tensors to a file, as `export` of a run does.
  package func export(
    _ selected: SelectedTensors, format: FileFormat, to path: String, dtype: DType? = nil, replacing: Bool = false,
    threads: Int? = nil, progress: ProgressHandler? = nil
  ) throws -> ExportReceipt {
    try translatingErrors {
      let export = try Export(self, selected, cast: try checked(dtype))
      let file: OutputFile
      var receipt: ExportReceipt
      if format == .npz {
        let entries = try export.archiveEntries()
        file = try OutputFile(
          path, replacing: replacing, protected: self.path,
          byteCount: ArchiveTarget.headerBytes(of: entries) + export.byteCount)
        receipt = try export.write(to: ArchiveTarget(entries, file), threads: threads, progress: progress)
      } else {
        let (header, export) = try export.laidOut(
          format, metadata: try export.metadata(selected.selection, cast: dtype?.core))
        file = try OutputFile(
          path, replacing: replacing, protected: self.path, byteCount: header.count + export.byteCount)
        receipt = try export.write(to: StreamTarget(header, file), threads: threads, progress: progress)
      }
      try file.commit()
      receipt.cast = dtype
      receipt.uncastCount = export.uncastCount(dtype)
      return receipt
    }
  }

  /// Writes tensors to standard output.
  package func exportToStandardOutput(
    _ selected: SelectedTensors, format: FileFormat, dtype: DType? = nil, threads: Int? = nil,
    progress: ProgressHandler? = nil
  ) throws -> ExportReceipt {
    try translatingErrors {
      guard format != .npz else {
        throw RegistryError.invalidArgument(
          "an archive in the format npz cannot be written to standard output, because its entries are completed later. Name a file"
        )
      }
      let export = try Export(self, selected, cast: try checked(dtype))
      let (header, ordered) = try export.laidOut(
        format, metadata: try export.metadata(selected.selection, cast: dtype?.core))
      let output = StandardOutput(byteCount: header.count + ordered.byteCount)
      return try ordered.write(to: StreamTarget(header, output), threads: threads, progress: progress)
    }
  }

  /// Returns the dtype of a cast, which must be a floating-point dtype.
  func checked(_ dtype: DType?) throws -> WinitCore.DType? {
    guard let dtype else { return nil }
    guard dtype.core.isFloatingPoint else {
      throw RegistryError.invalidArgument(
        "tensors are cast to float64, float32, float16 or bfloat16, and not to \(dtype)")
    }
    return dtype.core
  }
}
