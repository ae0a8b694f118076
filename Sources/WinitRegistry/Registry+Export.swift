// get: tensors, or slices of them, out of the registry into a file.

import Foundation
public import Store
import Synchronization
import TensorFiles
public import Tensors

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

  /// By default everything.
  public init(tensors: [TensorName]? = nil, slice: Slice? = nil) {
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
  /// - Parameter replacing: whether a file at the path may be replaced.
  /// - Throws: `RegistryError` where the run has no such tensor or the format cannot hold the selection,
  ///   `SliceError` where the slice does not fit, `FileError`, or what `progress` throws.
  public func export(
    _ run: Run, _ selection: Selection = Selection(), format: ExportFormat = .safetensors, to path: String,
    replacing: Bool = false, threads: Int? = nil, progress: ProgressHandler? = nil
  ) throws -> ExportReceipt {
    let export = try Export(store, run, selection, format)
    let file = try OutputFile(path, replacing: replacing)
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

  /// The canonical bytes (little-endian, row-major) of a tensor or a slice of it.
  public func bytes(of name: TensorName, in run: Run, slice: Slice? = nil, threads: Int? = nil) throws
    -> [UInt8]
  {
    let sink = MemorySink()
    let export = try Export(store, run, Selection(tensors: [name], slice: slice), .raw)
    _ = try export.write(to: sink, threads: threads, progress: nil)
    return sink.bytes
  }

  /// The elements of a floating-point tensor, or of a slice of it, row-major; float64 values are rounded to the
  /// nearest `Float`, which for drawn values is exact.
  ///
  /// - Throws: `RegistryError.usage` for an integer or boolean tensor.
  public func floats(of name: TensorName, in run: Run, slice: Slice? = nil, threads: Int? = nil) throws
    -> [Float]
  {
    let tensor = try select([name], of: run)[0]
    let dtype = tensor.recipe.dtype
    guard dtype.isFloatingPoint else {
      throw RegistryError.usage("`\(name)` is \(dtype); read its bytes instead")
    }
    let bytes = try bytes(of: name, in: run, slice: slice, threads: threads)
    return bytes.withUnsafeBytes { buffer in
      (0..<buffer.count / dtype.byteCount).map { Float(floatingPoint(buffer, at: $0, dtype)) }
    }
  }

  func select(_ names: [TensorName]?, of run: Run) throws -> [RecordedTensor] {
    try Export.select(names, of: run, store)
  }
}

private final class MemorySink: ByteSink {
  var bytes: [UInt8] = []

  func write(_ bytes: UnsafeRawBufferPointer) { self.bytes += bytes }
}

/// Tensors chosen and laid out, to be written.
private struct Export {
  let store: Store
  let run: Run
  let tensors: [RecordedTensor]
  let boxes: [Box]
  let header: [UInt8]

  init(_ store: Store, _ run: Run, _ selection: Selection, _ format: ExportFormat) throws {
    let chosen = try Export.select(selection.tensors, of: run, store)
    let chosenBoxes = try chosen.map { tensor throws(SliceError) in
      try selection.slice.map { slice throws(SliceError) in try Box(slice, of: tensor.recipe.shape) }
        ?? Box(whole: tensor.recipe.shape)
    }
    if format != .safetensors, chosen.count != 1 {
      throw RegistryError.usage(
        "\(format.rawValue) holds one tensor, and \(chosen.count) are asked for; name one with --tensor, or use safetensors"
      )
    }
    self.store = store
    self.run = run
    switch format {
    case .safetensors:
      var metadata = [("format", "pt"), ("winit_id", run.id.description)]
      if let slice = selection.slice { metadata.append(("winit_slice", slice.description)) }
      let layout = SafetensorsLayout(
        zip(chosen, chosenBoxes).map { ($0.name, $0.recipe.dtype, $1.resultShape) }, metadata: metadata)
      header = layout.header
      tensors = layout.order.map { chosen[$0] }
      boxes = layout.order.map { chosenBoxes[$0] }
    case .npy:
      let dtype = chosen[0].recipe.dtype
      guard let npy = NpyHeader(dtype: dtype, shape: chosenBoxes[0].resultShape) else {
        throw RegistryError.usage(
          "`\(chosen[0].name)` is \(dtype), which the npy format cannot hold; use safetensors or raw")
      }
      header = npy.bytes
      (tensors, boxes) = (chosen, chosenBoxes)
    case .raw:
      header = []
      (tensors, boxes) = (chosen, chosenBoxes)
    }
  }

  static func select(_ names: [TensorName]?, of run: Run, _ store: Store) throws -> [RecordedTensor] {
    let all = try store.tensors(of: run)
    guard let names else { return all }
    let byName = Dictionary(all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var seen: Set<TensorName> = []
    return try names.filter { seen.insert($0).inserted }.map { name in
      guard let tensor = byName[name] else {
        throw RegistryError.noTensor(
          name, run: run.reference, suggestion: nearest(to: name.string, in: all.map(\.name.string)))
      }
      return tensor
    }
  }

  func write(to sink: any ByteSink, threads: Int?, progress: ProgressHandler?) throws -> ExportReceipt {
    let start = ContinuousClock.now
    let sizes = zip(tensors, boxes).map { $1.resultShape.byteCount($0.recipe.dtype) }
    let total = sizes.reduce(0, +)
    try sink.write(header)
    var cursors = boxes.map(RunCursor.init)
    var damaged: Set<Int> = []
    var written = 0
    let windows = ChunkWindows(threads: threads ?? ProcessInfo.processInfo.activeProcessorCount)
    let (store, tensors) = (store, tensors)
    try windows.run(touchedChunks()) { task, buffer in
      try store.checkedChunk(task.chunk, of: tensors[task.tensor], into: buffer)
    } consume: { window in
      for chunk in window {
        let dtype = tensors[chunk.task.tensor].recipe.dtype
        if tensors[chunk.task.tensor].isStored, !chunk.result { damaged.insert(chunk.task.tensor) }
        let elements = chunk.task.chunk.elements(dtype)
        written += try cursors[chunk.task.tensor].write(elements, of: chunk.bytes, dtype, to: sink)
      }
      try progress?(written, total)
    }
    return ExportReceipt(
      run: run, tensorCount: tensors.count, byteCount: header.count + total,
      damaged: damaged.sorted().map { tensors[$0].name }, duration: .now - start)
  }

  /// The chunks in which some element of the boxes lies.
  private func touchedChunks() -> [ChunkTask] {
    zip(tensors, boxes).enumerated().flatMap { index, pair -> [ChunkTask] in
      let (recipe, box) = (pair.0.recipe, pair.1)
      var next = 0
      var tasks: [ChunkTask] = []
      for run in box.runs {
        let bytes = run.lowerBound * recipe.dtype.byteCount..<run.upperBound * recipe.dtype.byteCount
        let last = (bytes.upperBound - 1) / chunkSize
        next = max(next, bytes.lowerBound / chunkSize)
        while next <= last {
          tasks.append(ChunkTask(tensor: index, chunk: recipe.chunk(next)))
          next += 1
        }
        if next == recipe.chunkCount { break }
      }
      return tasks
    }
  }
}

/// Cuts a box's runs at chunk boundaries, as its chunks come by in order.
private struct RunCursor {
  private var runs: Box.Runs
  private var rest: Range<Int>?

  init(_ box: Box) {
    runs = box.runs
    rest = runs.next()
  }

  /// Writes the box's elements that lie in a chunk.
  ///
  /// - Returns: how many bytes that were.
  mutating func write(
    _ elements: Range<Int>, of bytes: UnsafeRawBufferPointer, _ dtype: DType, to sink: any ByteSink
  ) throws -> Int {
    var gathered: [UInt8] = []
    var written = 0
    while let run = rest, run.lowerBound < elements.upperBound {
      let piece = run.clamped(to: elements)
      let range =
        (piece.lowerBound - elements.lowerBound) * dtype.byteCount..<(piece.upperBound - elements.lowerBound)
        * dtype.byteCount
      let part = UnsafeRawBufferPointer(rebasing: bytes[range])
      if part.count == bytes.count { try sink.write(part) } else { gathered += part }
      written += part.count
      rest = piece.upperBound < run.upperBound ? piece.upperBound..<run.upperBound : runs.next()
    }
    if !gathered.isEmpty { try sink.write(gathered) }
    return written
  }
}
