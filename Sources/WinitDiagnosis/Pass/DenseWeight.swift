// A dense weight in memory, and its products with a batch.

import WinitCore

/// A dense weight: the element for output j and input i is at `j * outputStride + i * inputStride`.
struct DenseWeight: Sendable {
  let elements: [Float]
  let outputs: Int
  let inputs: Int
  let outputStride: Int
  let inputStride: Int
  let kernel: SIMDKernel

  /// Returns x Wᵀ: the outputs of the layer without its bias.
  func forward(_ batch: Batch, threads: Int) throws -> Batch {
    try product(batch, outputs, columnStride: outputStride, sumStride: inputStride, threads)
  }

  /// Returns g W: the gradient with respect to the inputs of the layer.
  func backward(_ gradient: Batch, threads: Int) throws -> Batch {
    try product(gradient, inputs, columnStride: inputStride, sumStride: outputStride, threads)
  }

  /// The number of panels that a task computes, so that a part of the batch is used several times while it is in the
  /// processor's cache.
  private static let panelsPerTask = 4
  /// The number of terms that are added at a time: a panel of 256 rows takes 32 KiB.
  private static let termsAtOnce = 256
  /// The number of samples that are updated at a time.
  private static let samplesAtOnce = 64

  /// Returns the product of a batch and of this matrix or its transpose. Each element is the sum of its terms in
  /// order, so the bits depend neither on the threads nor on the sizes above.
  private func product(
    _ batch: Batch, _ columns: Int, columnStride: Int, sumStride: Int, _ threads: Int
  ) throws -> Batch {
    let result = try Batch(samples: batch.samples, units: columns)
    guard batch.base != nil, result.base != nil else { return result }
    let width = SIMDKernel.panelWidth
    let taskWidth = Self.panelsPerTask * width
    let cancellation = OperationContext.current.cancellation
    try concurrently((columns + taskWidth - 1) / taskWidth, threads: threads) { task in
      guard let from = batch.base, let into = result.base else { return }
      let range = task * taskWidth..<min((task + 1) * taskWidth, columns)
      let panels = (range.count + width - 1) / width
      try withUnsafeTemporaryAllocation(of: Double.self, capacity: panels * width * Self.termsAtOnce) { packed in
        guard let start = packed.baseAddress else { return }
        for first in stride(from: 0, to: batch.units, by: Self.termsAtOnce) {
          try cancellation.check()
          let terms = first..<min(first + Self.termsAtOnce, batch.units)
          pack(range, terms, columnStride, sumStride, into: start)
          for sample in stride(from: 0, to: batch.samples, by: Self.samplesAtOnce) {
            for panel in 0..<panels {
              kernel.update(
                into + sample * result.stride + range.lowerBound + panel * width, result.stride,
                from + sample * batch.stride + first, batch.stride, 1,
                start + panel * width * terms.count, width,
                min(Self.samplesAtOnce, batch.samples - sample), terms.count, subtract: false)
            }
          }
        }
      }
    }
    return result
  }

  /// Copies columns of the matrix to panels of 16 columns, with zeros behind the last column.
  private func pack(
    _ columns: Range<Int>, _ terms: Range<Int>, _ columnStride: Int, _ sumStride: Int,
    into packed: UnsafeMutablePointer<Double>
  ) {
    let width = SIMDKernel.panelWidth
    let panels = (columns.count + width - 1) / width
    packed.initialize(repeating: 0, count: panels * width * terms.count)
    elements.withUnsafeBufferPointer { elements in
      for column in columns {
        let place = column - columns.lowerBound
        let out = packed + place / width * width * terms.count + place % width
        let source = column * columnStride
        for (row, term) in terms.enumerated() { out[row * width] = Double(elements[source + term * sumStride]) }
      }
    }
  }
}
