// The export of tensors: selection, layout, verification and writing.

import WinitCore
import WinitFiles
import WinitStorage

/// Tensors that are selected and laid out for a file format.
struct Export {
  let run: Run
  let tensors: [TensorRecord]
  private let store: Store
  let boxes: [Box]
  let header: [UInt8]

  init(_ registry: Registry, _ run: Run, _ selection: TensorSelection, _ format: FileFormat) throws {
    let selected = try registry.selectedTensors(selection, of: run)
    let boxes = try selected.map { tensor in
      guard let slice = selection.slice else { return Box(whole: tensor.recipe.shape) }
      do { return try Box(slice.core, of: tensor.recipe.shape) } catch let error as SliceError {
        throw RegistryError.invalidSlice(tensor.name, error)
      }
    }
    if format != .safetensors, selected.count != 1 {
      throw RegistryError.invalidArgument(
        "a file in the format \(format.rawValue) holds one tensor, and \(selected.count) are selected. Name one of them, name a folder, or use safetensors"
      )
    }
    store = try registry.store
    self.run = run
    switch format {
    case .safetensors:
      var metadata = [("format", "pt"), ("winit_id", run.id.description)]
      if let slice = selection.slice { metadata.append(("winit_slice", slice.description)) }
      let layout = SafetensorsLayout(
        zip(selected, boxes).map { ($0.name, $0.recipe.dtype, $1.resultShape) }, metadata: metadata)
      header = layout.header
      tensors = layout.order.map { selected[$0] }
      self.boxes = layout.order.map { boxes[$0] }
    case .npy:
      let dtype = selected[0].recipe.dtype
      guard let npy = NpyHeader(dtype: dtype, shape: boxes[0].resultShape) else {
        throw RegistryError.invalidArgument(
          dtype == .bfloat16
            ? "`\(selected[0].name)` is bfloat16, which NumPy does not have. Use safetensors or raw"
            : "the shape of `\(selected[0].name)` is too long for npy. Use safetensors or raw")
      }
      header = npy.bytes
      (tensors, self.boxes) = (selected, boxes)
    case .raw:
      header = []
      (tensors, self.boxes) = (selected, boxes)
    }
  }

  /// Writes the header and the tensors. Every chunk is verified before a byte of it is written.
  func write(to sink: any ByteSink, threads: Int?, progress: ProgressHandler?) throws -> ExportReceipt {
    let start = ContinuousClock.now
    let total = zip(tensors, boxes).reduce(0) { $0 + $1.1.resultShape.byteCount($1.0.recipe.dtype) }
    try sink.write(header)
    var cursors = boxes.map(ExtentCursor.init)
    var damaged: Set<Int> = []
    var written = 0
    let reader = VerifiedReader(store, tensors)
    let chunks = touchedChunks()
    try ChunkPipeline<ChunkID>(threads: threads, memory: .pooled).run(
      chunks, totalBytes: chunks.reduce(0) { $0 + $1.byteCount }
    ) { chunks, buffers in
      try reader.read(chunks, into: buffers)
    } consume: { batch in
      for chunk in batch {
        let dtype = tensors[chunk.item.tensor].recipe.dtype
        if chunk.result { damaged.insert(chunk.item.tensor) }
        written += try cursors[chunk.item.tensor]
          .write(chunk.item.chunk.elements(dtype), of: chunk.bytes, dtype, to: sink)
      }
      try progress?(written, total)
    }
    return ExportReceipt(
      run: run, tensorCount: tensors.count, byteCount: header.count + total,
      damaged: damaged.sorted().map { tensors[$0].name.string }, duration: .now - start)
  }

  /// Returns the chunks that hold an element of the boxes.
  private func touchedChunks() -> [ChunkID] {
    zip(tensors, boxes).enumerated().flatMap { index, pair -> [ChunkID] in
      let (recipe, box) = (pair.0.recipe, pair.1)
      var next = 0
      var chunks: [ChunkID] = []
      for extent in box.extents {
        let bytes = extent.lowerBound * recipe.dtype.byteCount..<extent.upperBound * recipe.dtype.byteCount
        let last = (bytes.upperBound - 1) / chunkSize
        next = max(next, bytes.lowerBound / chunkSize)
        while next <= last {
          chunks.append(ChunkID(tensor: index, chunk: recipe.chunk(next)))
          next += 1
        }
        if next == recipe.chunkCount { break }
      }
      return chunks
    }
  }
}

extension Registry {
  /// Returns the tensors of a selection. Tied tensors are included if the selection includes or names them.
  func selectedTensors(_ selection: TensorSelection, of run: Run) throws -> [TensorRecord] {
    try selectedTensors(selection.tensors, of: run).filter {
      selection.includesTied || selection.tensors != nil || $0.tiedTo == nil
    }
  }

  /// Returns the tensors with these names, each once; all tensors if `names` is nil. Checks the record first.
  ///
  /// - Throws: `RegistryError` with the code `tensorNotFound` or `mismatch`.
  func selectedTensors(_ names: [String]?, of run: Run) throws -> [TensorRecord] {
    let store = try store
    let all = try store.tensors(of: run.record)
    try store.checkRecord(run.record, all)
    guard let names else { return all }
    let byName = all.firstByName(\.name)
    var seen: Set<TensorName> = []
    return try names.map { TensorName($0) }.filter { seen.insert($0).inserted }.map { name in
      guard let tensor = byName[name] else {
        throw RegistryError.tensorNotFound(
          name, run: run.reference, suggestion: nearest(to: name.string, in: all.map(\.name.string)))
      }
      return tensor
    }
  }
}
