// What an export does: choose, lay out, check, write.

import Foundation
import WinitCore
import WinitFiles
import WinitInitializers
import WinitStorage

/// Tensors chosen and laid out, to be written.
struct Export {
  let store: Store
  let run: Run
  let tensors: [RecordedTensor]
  let boxes: [Box]
  let header: [UInt8]

  init(_ store: Store, _ run: Run, _ selection: Selection, _ format: ExportFormat) throws {
    let chosen = try Export.select(selection.tensors, of: run, store).filter { tensor in
      selection.includesTied || selection.tensors != nil || tensor.tiedTo == nil
    }
    let chosenBoxes = try chosen.map { tensor in
      guard let slice = selection.slice else { return Box(whole: tensor.recipe.shape) }
      do { return try Box(slice, of: tensor.recipe.shape) } catch let error as SliceError {
        throw RegistryError.slice(tensor.name, error)
      }
    }
    if format != .safetensors, chosen.count != 1 {
      throw RegistryError.usage(
        "\(format.rawValue) holds one tensor, and \(chosen.count) are asked for; name one of them, name a folder (`-o FOLDER/`), or use safetensors"
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
          dtype == .bfloat16
            ? "`\(chosen[0].name)` is bfloat16, which NumPy does not have; use safetensors or raw"
            : "the shape of `\(chosen[0].name)` is too long for npy; use safetensors or raw")
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
    try store.checkRecord(run, all)
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
    var cursors = boxes.map(ExtentCursor.init)
    var damaged: Set<Int> = []
    var written = 0
    let pipeline = ChunkPipeline(threads: threads, keepingBytes: true)
    let (store, tensors) = (store, tensors)
    let tasks = touchedChunks()
    let touched = tasks.reduce(0) { $0 + $1.chunk.byteCount }
    try pipeline.run(tasks, totalBytes: touched) { tasks, buffers in
      try store.checkedChunks(tasks, of: tensors, into: buffers)
    } consume: { batch in
      for chunk in batch {
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
  private func touchedChunks() -> [ChunkID] {
    zip(tensors, boxes).enumerated().flatMap { index, pair -> [ChunkID] in
      let (recipe, box) = (pair.0.recipe, pair.1)
      var next = 0
      var tasks: [ChunkID] = []
      for run in box.extents {
        let bytes = run.lowerBound * recipe.dtype.byteCount..<run.upperBound * recipe.dtype.byteCount
        let last = (bytes.upperBound - 1) / chunkSize
        next = max(next, bytes.lowerBound / chunkSize)
        while next <= last {
          tasks.append(ChunkID(tensor: index, chunk: recipe.chunk(next)))
          next += 1
        }
        if next == recipe.chunkCount { break }
      }
      return tasks
    }
  }
}
