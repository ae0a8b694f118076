// The export of tensors: selection, verification, and the order in which their bytes are written.

import WinitCore
import WinitFiles
import WinitJSON
import WinitStorage

/// A tensor, or a slice of one, that is written.
struct ExportItem {
  let tensor: TensorRecord
  let box: Box
  /// The dtype of the file, to which the elements are cast if it is not the tensor's own.
  let dtype: WinitCore.DType

  var name: TensorName { tensor.name }
  var shape: Shape { box.resultShape }
  /// The size in the file.
  var byteCount: Int { shape.byteCount(dtype) }
}

/// A destination of tensors, which are written one after another in the order of the export.
protocol ExportTarget: ByteSink {
  /// Begins a tensor. The bytes that follow belong to it.
  func begin(_ index: Int) throws
  /// Ends the last tensor.
  func finish() throws
  /// The number of bytes that are not bytes of tensors.
  var headerBytes: Int { get }
}

/// The tensors of a selection, which are verified and written to a target.
struct Export {
  let run: Run
  /// The tensors in the order in which they are written.
  let items: [ExportItem]
  private let store: Store

  /// Selects the tensors of a run.
  init(_ registry: Registry, _ run: Run, _ selection: TensorSelection) throws {
    try self.init(registry, registry.selected(selection, of: run))
  }

  /// Exports selected tensors of a run.
  init(_ registry: Registry, _ selected: SelectedTensors, cast: WinitCore.DType? = nil) throws {
    let items = try selected.records.map { tensor in
      let dtype = tensor.recipe.dtype.isFloatingPoint ? cast ?? tensor.recipe.dtype : tensor.recipe.dtype
      return ExportItem(tensor: tensor, box: try box(selected.selection.slice, of: tensor), dtype: dtype)
    }
    self.init(run: selected.run, items: items, store: try registry.store)
  }

  private init(run: Run, items: [ExportItem], store: Store) {
    (self.run, self.items, self.store) = (run, items, store)
  }

  /// The size of all tensors in the file.
  var byteCount: Int { items.reduce(0) { $0 + $1.byteCount } }

  /// Returns the metadata of the checkpoint from which the run was imported.
  func fileMetadata() throws -> [(key: String, value: String)] { try store.details(of: run.record).metadata }

  /// Returns this export with the tensors in another order.
  func ordered(by order: [Int]) -> Export { Export(run: run, items: order.map { items[$0] }, store: store) }

  /// Writes the tensors. Every chunk is verified before a byte of it is written.
  func write(to target: any ExportTarget, threads: Int?, progress: ProgressHandler?) throws -> ExportReceipt {
    let start = ContinuousClock.now
    let total = byteCount
    var cursors = items.map { ExtentCursor($0.box, $0.tensor.recipe.dtype) }
    var damaged: Set<Int> = []
    let reporter = ProgressReporter(progress, total: total)
    var begun = 0
    func begin(upTo index: Int) throws {
      while begun <= index {
        try target.begin(begun)
        begun += 1
      }
    }
    let tensors = items.map(\.tensor)
    let reader = VerifiedReader(store, tensors)
    let chunks = selectedChunks()
    try reader.checkMemory()
    let bytes = chunks.reduce(0) { $0 + $1.byteCount }
    let isQuick = ChunkPipeline<ChunkID>.isFasterWithoutWorkers(byteCount: bytes, recipes: tensors.lazy.map(\.recipe))
    try ChunkPipeline<ChunkID>(threads: threads, memory: .pooled, usesCallingThread: isQuick).run(
      chunks, totalBytes: bytes, progress: reporter
    ) { chunks, buffers in
      try reader.read(chunks, into: buffers)
    } consume: { batch in
      var written = 0
      for chunk in batch {
        let item = items[chunk.item.tensor]
        let dtype = item.tensor.recipe.dtype
        try begin(upTo: chunk.item.tensor)
        if chunk.result { damaged.insert(chunk.item.tensor) }
        let sink: any ByteSink = dtype == item.dtype ? target : CastSink(item, target)
        let bytes = try cursors[chunk.item.tensor].write(chunk.item.chunk.byteRange, of: chunk.bytes, to: sink)
        written += dtype == item.dtype ? bytes : bytes / dtype.byteCount * item.dtype.byteCount
      }
      try reporter.add(written)
    }
    try begin(upTo: items.count - 1)
    try target.finish()
    return ExportReceipt(
      run: run, tensorCount: items.count, byteCount: target.headerBytes + total,
      damaged: damaged.sorted().map { items[$0].name.string }, duration: .now - start)
  }

  /// Returns the chunks that hold an element of the boxes.
  private func selectedChunks() -> [ChunkID] {
    items.enumerated().flatMap { index, item in
      touchedChunks(item.box, of: item.tensor.recipe).map { ChunkID(tensor: index, chunk: $0) }
    }
  }
}

/// Casts the elements of a tensor, and writes them to another destination.
private final class CastSink: ByteSink {
  private let item: ExportItem
  private let target: any ByteSink

  init(_ item: ExportItem, _ target: any ByteSink) { (self.item, self.target) = (item, target) }

  func write(_ bytes: UnsafeRawBufferPointer) throws {
    let dtype = item.tensor.recipe.dtype
    let (cast, overflow) = dtype.cast(bytes, to: item.dtype)
    if let overflow {
      throw RegistryError.invalidArgument(
        "tensor \(quoted: item.name) has an element \(elementText(bytes, at: overflow, dtype)), which \(item.dtype) cannot hold. Use a wider dtype"
      )
    }
    try target.write(cast)
  }
}

extension Registry {
  /// Returns the records of the tensors of a selection. Tied tensors are included if the selection includes or names
  /// them.
  func selectedRecords(_ selection: TensorSelection, of run: Run) throws -> [TensorRecord] {
    try selectedRecords(selection.tensors, of: run).filter {
      selection.includesTied || selection.tensors != nil || $0.tiedTo == nil
    }
  }

  /// Returns the records of the tensors with these names, each once; all tensors if `names` is nil. Checks the record
  /// of the run first.
  ///
  /// A few tensors cost no more than their own records: see `Store.checkedTensors(named:of:)`.
  ///
  /// - Throws: `RegistryError` with the code `tensorNotFound` or `mismatch`.
  func selectedRecords(_ names: [String]?, of run: Run) throws -> [TensorRecord] {
    let store = try store
    var seen: Set<TensorName> = []
    let distinct = names.map { $0.map { TensorName($0) }.filter { seen.insert($0).inserted } }
    if let distinct, distinct.count <= 16, let tensors = try store.checkedTensors(named: distinct, of: run.record) {
      return tensors
    }
    let all = try store.tensors(of: run.record)
    try store.checkRecord(run.record, all)
    guard let distinct else { return all }
    let byName = all.firstByName(\.name)
    return try distinct.map { name in
      guard let tensor = byName[name] else {
        throw RegistryError.tensorNotFound(
          name, run: run.reference, suggestion: nearest(to: name.string, in: all.map(\.name.string)))
      }
      return tensor
    }
  }
}
