// get: tensors, or slices of them, out of the registry into a file.

public import WinitCore
import WinitFiles
public import WinitStorage

/// A file format that tensors can be written in.
public enum ExportFormat: String, Sendable, CaseIterable {
  /// Any number of tensors. Laid out as the reference writer does, so that the same run is the same file.
  case safetensors
  /// NumPy's format, one tensor.
  case npy
  /// The canonical bytes of one tensor: little-endian, row-major, nothing else.
  case raw
}

/// What is to be taken of a run.
public struct Selection: Sendable {
  /// The tensors by name; nil for all.
  public var tensors: [TensorName]?
  /// The slice of each; nil for the whole.
  public var slice: Slice?
  /// Whether tensors that have another's values are taken too, where none are named.
  public var includesTied: Bool

  /// By default everything.
  public init(tensors: [TensorName]? = nil, slice: Slice? = nil, includesTied: Bool = true) {
    self.includesTied = includesTied
    self.tensors = tensors
    self.slice = slice
  }
}

/// What an export wrote.
public struct ExportReceipt: Sendable {
  /// The run.
  public let run: Run
  /// How many tensors were written.
  public let tensorCount: Int
  /// The size of what was written, headers included.
  public let byteCount: Int
  /// Tensors whose stored bytes are damaged or missing; what was written was filled again.
  public let damaged: [TensorName]
  /// How long it took.
  public let duration: Duration
}

extension Registry {
  /// Writes tensors to a file, which appears whole or not at all.
  ///
  /// Stored blobs are read, a recipe is filled again; either way every chunk is checked against its recorded digest
  /// before a byte of it is written. A slice costs the chunks it touches.
  ///
  /// - Parameter replacing: whether a file at the path may be replaced; the registry itself never is.
  /// - Throws: `RegistryError` where the run has no such tensor or the format cannot hold the selection,
  ///   `SliceError` where the slice does not fit, `FileError`, or what `progress` throws.
  public func export(
    _ run: Run, _ selection: Selection = Selection(), format: ExportFormat = .safetensors, to path: String,
    replacing: Bool = false, threads: Int? = nil, progress: ProgressHandler? = nil
  ) throws -> ExportReceipt {
    let export = try Export(store, run, selection, format)
    let file = try OutputFile(path, replacing: replacing, protected: self.path)
    let receipt = try export.write(to: file, threads: threads, progress: progress)
    try file.commit()
    return receipt
  }

  /// Writes tensors to standard output.
  package func exportToStandardOutput(
    _ run: Run, _ selection: Selection, format: ExportFormat, threads: Int? = nil,
    progress: ProgressHandler? = nil
  ) throws -> ExportReceipt {
    try Export(store, run, selection, format).write(
      to: StandardOutput(), threads: threads, progress: progress)
  }
}
