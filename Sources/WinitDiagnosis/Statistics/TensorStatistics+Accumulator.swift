// The statistics of a tensor, from the statistics of its chunks.

package import WinitCore
package import WinitInitializers

extension TensorStatistics {
  /// Adds up the statistics of the chunks of a tensor.
  ///
  /// `partial` can be called by several threads at once, also on copies: it uses nothing that `add` changes. `add` takes the results in the order of the chunks, so that
  /// every sum has one order, and the statistics are the same bits with any number of threads. Elements of `complex64`
  /// are counted, and have no other statistics.
  package struct Accumulator: Sendable {
    private let shape: Shape
    private let decoder: ElementDecoder
    private let kernel: StatisticsKernel
    private let hasher: UnitHasher?
    private var total = ChunkStatistics()
    private var tail: ChunkStatistics.SplitElement?

    /// The number of elements that are processed at once, so that they stay in the cache.
    private static let blockSize = 1024
    /// The number of intervals of the histogram.
    private static let intervals = 48

    /// - Parameter kernel: the inner loops; all of them give the same bits.
    package init(shape: Shape, dtype: DType, fanSource: FanSource, kernel: SIMDKernel = .current) {
      self.shape = shape
      self.kernel = StatisticsKernel(kernel)
      decoder = ElementDecoder(dtype, kernel: self.kernel)
      let axes = decoder.isFloating ? WeightAxes(shape, fanSource) : nil
      hasher = axes.flatMap { UnitHasher($0, isWide: dtype == .float64, StatisticsKernel(kernel)) }
    }

    /// Computes the statistics of a chunk.
    ///
    /// - Parameter bytes: the canonical bytes of the chunk, as many as it has.
    package func partial(of bytes: UnsafeRawBufferPointer, chunk: Chunk) -> ChunkStatistics {
      precondition(bytes.count == chunk.byteCount, "the bytes must be those of the chunk")
      var result = ChunkStatistics()
      let (elements, firstBit) = wholeElements(bytes, chunk, &result)
      guard decoder.isReal else {
        result.count = elements.count
        return result
      }
      if let hasher { result.units = UnitHashes(hasher.axes, elements: elements) }
      withUnsafeTemporaryAllocation(byteCount: Accumulator.blockSize * 8, alignment: 64) { memory in
        guard let block = memory.bindMemory(to: Double.self).baseAddress else { return }
        var start = elements.lowerBound
        while start < elements.upperBound {
          let count = min(Accumulator.blockSize, elements.upperBound - start)
          let bit = firstBit + (start - elements.lowerBound) * decoder.dtype.bitCount
          decoder.read(bytes, firstBit: bit, count: count, into: block)
          hash(block, count, at: start, &result.units)
          result.add(block, count: count, hasHistogram: decoder.isFloating, kernel)
          start += count
        }
      }
      return result
    }

    /// Adds the statistics of the next chunk.
    package mutating func add(_ partial: ChunkStatistics) {
      if total.units == nil, let hasher {
        // Not in the initializer: a copy for `partial` needs no memory.
        total.units = UnitHashes(hasher.axes, elements: 0..<shape.elementCount)
      }
      addSplitElement(partial.head)
      total.add(partial)
      if let units = partial.units { total.units?.add(units) }
      if let tail = partial.tail { self.tail = tail }
    }

    /// Returns the statistics of the chunks that were added.
    package func finish() -> TensorStatistics {
      var result = TensorStatistics()
      result.count = total.count
      (result.zeros, result.nan, result.infinite) = (total.zeros, total.nan, total.infinite)
      result.setMoments(total.moments)
      result.minimum = total.range?.lowerBound
      result.maximum = total.range?.upperBound
      result.histogram = total.histogram?.regrouped(Accumulator.intervals)
      if let hasher, let units = total.units {
        result.units = UnitStatistics(
          outputs: units.outputs.hashes, inputs: units.inputs.hashes, outputSize: hasher.axes.outputSize)
      }
      return result
    }

    private func hash(_ values: UnsafePointer<Double>, _ count: Int, at start: Int, _ units: inout UnitHashes?) {
      guard let hasher, units != nil else { return }
      units.withValue { hasher.add(values, count: count, at: start, to: &$0) }
    }

    /// Returns the elements that lie in a chunk as a whole, with the first bit of the first one, and keeps the bits of
    /// those that do not.
    private func wholeElements(
      _ bytes: UnsafeRawBufferPointer, _ chunk: Chunk, _ result: inout ChunkStatistics
    ) -> (Range<Int>, firstBit: Int) {
      var elements = chunk.elements(decoder.dtype)
      elements = elements.lowerBound..<min(elements.upperBound, shape.elementCount)
      guard !decoder.dtype.hasWholeBytes, !elements.isEmpty else { return (elements, 0) }
      let size = decoder.dtype.bitCount
      // 24 bits, three bytes, hold whole elements; only the rest decides where an element begins.
      let before = chunk.byteRange.lowerBound % size * 8 % size
      var (first, last, firstBit) = (elements.lowerBound, elements.upperBound, 0)
      if before > 0 {
        firstBit = size - before
        result.head = .init(bits: Int(bytes[0]) & ((1 << firstBit) - 1), bitCount: firstBit)
        first += 1
      }
      let after = (bytes.count % size * 8 - firstBit + 8 * size) % size
      if after > 0, firstBit + (last - first) * size > bytes.count * 8 {
        result.tail = .init(bits: Int(bytes[bytes.count - 1]) >> (8 - after), bitCount: after)
        last -= 1
      }
      return (first..<max(first, last), firstBit)
    }

    /// Adds the element whose lower bits are the tail of the chunk before.
    private mutating func addSplitElement(_ head: ChunkStatistics.SplitElement?) {
      guard let head, let tail, head.bitCount + tail.bitCount == decoder.dtype.bitCount else { return }
      self.tail = nil
      var value = decoder.value(ofBits: tail.bits | head.bits << tail.bitCount)
      hash(&value, 1, at: total.count, &total.units)
      total.add(&value, count: 1, hasHistogram: decoder.isFloating, kernel)
    }
  }

  /// Computes the statistics of a tensor in memory.
  package init(of bytes: UnsafeRawBufferPointer, shape: Shape, dtype: DType, fanSource: FanSource) {
    var accumulator = Accumulator(shape: shape, dtype: dtype, fanSource: fanSource)
    for index in 0..<Chunk.count(ofBytes: bytes.count) {
      let chunk = Chunk(index, ofBytes: bytes.count)
      accumulator.add(accumulator.partial(of: UnsafeRawBufferPointer(rebasing: bytes[chunk.byteRange]), chunk: chunk))
    }
    self = accumulator.finish()
  }
}

extension Optional {
  /// Calls a function with the value in its place, without a copy.
  fileprivate mutating func withValue(_ body: (inout Wrapped) -> Void) {
    guard var value = take() else { return }
    body(&value)
    self = value
  }
}
