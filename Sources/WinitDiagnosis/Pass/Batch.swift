// A batch of vectors in memory.

import WinitCore

/// The vectors of the samples of a batch, in binary64: it has the range for gradients such as 1e-80, which binary32
/// takes for 0.
struct Batch: Sendable {
  let samples: Int
  let units: Int
  /// The distance between rows: `units`, rounded up to whole panels of the product.
  let stride: Int
  private let memory: LargeArray<Double>

  /// Creates a batch of zeros.
  ///
  /// - Throws: `InsufficientMemory` if the system refuses the memory.
  init(samples: Int, units: Int) throws(InsufficientMemory) {
    (self.samples, self.units) = (samples, units)
    let panel = SIMDKernel.panelWidth
    stride = (units + panel - 1) / panel * panel
    let (count, overflow) = stride.multipliedReportingOverflow(by: samples)
    memory = try LargeArray(count: overflow ? .max : count)
  }

  /// The elements of a sample.
  func row(_ sample: Int) -> UnsafeMutableBufferPointer<Double> {
    let start = sample * stride
    return UnsafeMutableBufferPointer(rebasing: memory.elements[start..<start + units])
  }

  /// The first element; nil for a batch without elements.
  var base: UnsafeMutablePointer<Double>? { memory.elements.isEmpty ? nil : memory.elements.baseAddress }

  /// The number of bytes of a batch; nil if it is too large to address.
  static func byteCount(samples: Int, units: Int) -> Int? {
    let (padded, overflow1) = units.addingReportingOverflow(SIMDKernel.panelWidth)
    let (count, overflow2) = padded.multipliedReportingOverflow(by: samples)
    let (bytes, overflow3) = count.multipliedReportingOverflow(by: 8)
    return overflow1 || overflow2 || overflow3 ? nil : bytes
  }
}
