// The matrices and kernels that a tensor or a box holds: which axes are a batch of them, and which are their outputs.

import WinitCore

extension TensorContext {
  /// The axes of the tensor that are a batch of independent weights, as `fans` names them, each from 0.
  private func batch() throws(SchemeError) -> [Int] {
    switch fanSource {
    case .layout, .tensor: []
    case .axes(let axes): try FanSource.places(axes.batch, tensor)
    case .batch(let batch, _): try FanSource.places(batch, tensor)
    }
  }

  /// The axes of `shape` that are a batch, in ascending order. Axes that the box drops have one index.
  ///
  /// The fans of a box with a layout are those of its other axes, without the axes of length 1 before the first longer
  /// one. Its matrices do not have these axes either, so they count as a batch.
  private func batchAxes() throws(SchemeError) -> [Int] {
    let batch = try batch().map { $0 - droppedAxes }.filter { $0 >= 0 }
    guard isBox, !batch.isEmpty, case .batch = fanSource else { return batch.sorted() }
    let rest = shape.dims.indices.filter { !batch.contains($0) }
    return (batch + rest.dropLast().prefix { shape.dims[$0] == 1 }).sorted()
  }

  /// Returns the shape of one matrix or kernel of the batch.
  func matrix() throws(SchemeError) -> Shape { shape.without(try batchAxes()) }

  /// Returns the law of a tensor that has a matrix or a kernel with the given law for each index of the batch.
  func batched(_ law: Law) throws(SchemeError) -> Law {
    let axes = try batchAxes()
    return axes.isEmpty ? law : .batched(law, axes: axes)
  }

  /// Returns the number of rows of a matrix whose elements are those of the kernel in row-major order.
  func matrixRows(for scheme: String) throws(SchemeError) -> Int {
    let dims = try matrix().dims
    guard dims.count > 1 else { return 1 }
    switch fanSource {
    case .layout(.torch), .batch(_, .torch): return dims[0]
    case .layout(.keras), .batch(_, .keras): return dims.dropLast().reduce(1, *)
    case .axes(let axes):
      let kept = try keptAxes()
      let outputs = try places(axes.output, in: kept)
      if outputs == Array(0..<outputs.count), !outputs.isEmpty { return dims[..<outputs.count].reduce(1, *) }
      if outputs == Array(dims.count - outputs.count..<dims.count), !outputs.isEmpty {
        return dims[..<(dims.count - outputs.count)].reduce(1, *)
      }
      throw .unsupportedLayout(scheme: scheme, needs: "fans whose output axes come first or last")
    case .tensor: throw .unsupportedLayout(scheme: scheme, needs: "the tensor's own layout or fans")
    }
  }

  /// Returns the layout of the kernel.
  func kernelLayout(for scheme: String) throws(SchemeError) -> Layout {
    switch fanSource {
    case .layout(let layout), .batch(_, let layout): return layout
    case .axes(let axes):
      let kept = try keptAxes()
      let (inputs, outputs) = (try places(axes.input, in: kept), try places(axes.output, in: kept))
      if outputs == [0], inputs == [1] { return .torch }
      if inputs == [kept.count - 2], outputs == [kept.count - 1] { return .keras }
      throw .unsupportedLayout(
        scheme: scheme, needs: "fans in the order [out, in, …spatial] or […spatial, in, out]")
    case .tensor: throw .unsupportedLayout(scheme: scheme, needs: "the tensor's own layout or fans")
    }
  }

  /// The axes of the tensor that the matrix or the kernel has, in order.
  private func keptAxes() throws(SchemeError) -> [Int] {
    let batch = try batchAxes().map { $0 + droppedAxes }
    return (droppedAxes..<tensor.rank).filter { !batch.contains($0) }
  }

  /// The places of the tensor's axes among those that the matrix or the kernel has, in ascending order.
  private func places(_ axes: [Int], in kept: [Int]) throws(SchemeError) -> [Int] {
    try FanSource.places(axes, tensor).compactMap { kept.firstIndex(of: $0) }.sorted()
  }
}

extension Shape {
  /// Returns the shape without some of its axes.
  func without(_ axes: [Int]) -> Shape {
    // The product of fewer dimensions can be larger if one of them is 0, so it may not be a shape.
    (try? Shape(dims.indices.filter { !axes.contains($0) }.map { dims[$0] })) ?? self
  }
}
