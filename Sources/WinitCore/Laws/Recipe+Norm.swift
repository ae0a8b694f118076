// The law `norm_of`: the norm of another tensor over axes.

import WinitJSON

/// The number of elements whose squares are added at a time. Memory for more would be mapped again for every piece.
private let normPiece = 1 << 13

extension Recipe {
  /// Checks that a tensor is the norm of another over axes.
  ///
  /// - Throws: `LawError.wrongReference` if the dtype or the shape does not fit.
  static func checkNorm(of source: Recipe, _ name: TensorName, _ axes: [Int], _ shape: Shape) throws(LawError) {
    guard source.dtype.isFloatingPoint else {
      throw .wrongReference(
        "the norm is of \(quoted: name), whose dtype is \(source.dtype). A norm needs a floating-point dtype.")
    }
    guard axes.last ?? 0 < source.shape.rank else { throw .wrongAxes("norm_of", axes, source.shape) }
    let kept = source.shape.dims.enumerated().map { axes.contains($0.offset) ? 1 : $0.element }
    guard shape.dims == kept || shape == source.shape.without(axes) else {
      throw .wrongReference(
        "the norm of \(quoted: name), \(source.shape), over the axes \(axes) has the shape \(source.shape.without(axes)), or with these axes kept as 1; the shape is \(shape)"
      )
    }
  }

  /// Fills a range of elements with norms. If the axes of the norm are the last axes, each element needs only its own
  /// values; otherwise the whole tensor is computed.
  func fillNorm(
    _ axes: [Int], _ elements: Range<Int>, into buffer: UnsafeMutableRawBufferPointer, _ kernel: SIMDKernel
  ) throws {
    guard let source else { return fillConstant(0, count: elements.count, into: buffer) }
    let dims = source.shape.dims
    let isTrailing = axes == Array(dims.count - axes.count..<dims.count)
    guard isTrailing else {
      let key = WholeTensorCache.Key(
        seed: seed, stream: stream, law: law, region: Region(shape.dims), source: source)
      let values = try WholeTensorCache.shared.values(key, count: shape.elementCount, memory: 0) {
        let count = source.shape.elementCount
        let progress = PartialFill(byteCount: shape.byteCount(dtype))
        // The values of the other tensor are admitted on their own: waiting twice could wait forever.
        return try Recipe.norms(over: axes, dims, elements: 0..<count, count: shape.elementCount) { elements in
          try progress.check()
          progress.report(Double(elements.lowerBound) / Double(count))
          return try source.values(elements, kernel)
        }
      }
      return store(values, elements, into: buffer)
    }
    let size = axes.reduce(1) { $0 * dims[$1] }
    let values = try Recipe.norms(
      over: Array(1...1), [elements.count, size],
      elements: elements.lowerBound * size..<elements.upperBound * size, count: elements.count
    ) { try source.values($0, kernel) }
    store(values, 0..<values.count, into: buffer)
  }

  /// Returns the norms over axes of a tensor whose values are given in pieces, each rounded once to binary32.
  ///
  /// - Parameters:
  ///   - dims: the dimensions of the tensor.
  ///   - elements: the indices of its elements, which `values` takes.
  ///   - count: the number of norms.
  package static func norms(
    over axes: [Int], _ dims: [Int], elements: Range<Int>, count: Int, values: (Range<Int>) throws -> [Double]
  ) throws -> LargeArray<Float> {
    let memory = try LargeArray<NormSums>(count: count)
    let sums = memory.elements
    // The distance between the norms of neighbors, which is 0 on the axes of the norm.
    var (strides, scale) = ([Int](repeating: 0, count: dims.count), 1)
    for axis in dims.indices.reversed() where !axes.contains(axis) {
      strides[axis] = scale
      scale *= dims[axis]
    }
    var place = [Int](repeating: 0, count: dims.count)
    var norm = 0
    let last = dims.count - 1
    for start in stride(from: elements.lowerBound, to: elements.upperBound, by: normPiece) {
      try values(start..<min(start + normPiece, elements.upperBound)).withUnsafeBufferPointer { values in
        var rest = values[...]
        while !rest.isEmpty {
          // Elements in a row along the last axis.
          let row = UnsafeBufferPointer(rebasing: rest.prefix(dims[last] - place[last]))
          if strides[last] == 0 {
            sums[norm].add(row)
          } else {
            for (i, value) in row.enumerated() { sums[norm + i * strides[last]].add(value) }
          }
          rest = rest.dropFirst(row.count)
          place[last] += row.count
          norm += row.count * strides[last]
          var axis = last
          while axis > 0, place[axis] == dims[axis] {
            norm -= dims[axis] * strides[axis]
            place[axis] = 0
            axis -= 1
            place[axis] += 1
            norm += strides[axis]
          }
        }
      }
    }
    let norms = try LargeArray<Float>(count: count)
    for index in 0..<count { norms[index] = Float(sums[index].norm) }
    return norms
  }

  /// Returns the values of a range of elements of a floating-point tensor, widened to binary64.
  private func values(_ elements: Range<Int>, _ kernel: SIMDKernel) throws -> [Double] {
    let bytes = try [UInt8](unsafeUninitializedCapacity: elements.count * dtype.byteCount) { buffer, count in
      count = elements.count * dtype.byteCount
      try fill(
        elements, into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count]),
        kernel: kernel)
    }
    return bytes.withUnsafeBytes { dtype.values($0) }
  }
}

extension DType {
  /// Returns the values of elements of a floating-point dtype, widened to binary64, which is exact.
  package func values(_ bytes: UnsafeRawBufferPointer) -> [Double] {
    func values<Bits: FixedWidthInteger & BitwiseCopyable>(
      _: Bits.Type, _ value: (Bits) -> Double
    ) -> [Double] {
      let size = MemoryLayout<Bits>.size
      return (0..<bytes.count / size).map { place in
        value(Bits(littleEndian: bytes.loadUnaligned(fromByteOffset: size * place, as: Bits.self)))
      }
    }
    return switch self {
    case .float64: values(UInt64.self) { Double(bitPattern: $0) }
    case .float16: values(UInt16.self) { Double(float16Bits: $0) }
    case .bfloat16: values(UInt16.self) { Double(Float(bitPattern: UInt32($0) << 16)) }
    default: values(UInt32.self) { Double(Float(bitPattern: $0)) }
    }
  }
}
