// The taps of a convolution that lie inside its input.

/// One axis of a convolution.
struct ConvolutionAxis {
  /// The length of the input.
  let length: Int
  let kernel: Int
  let stride: Int
  let padding: Int

  /// The length of the output; at most 0 where the kernel does not fit.
  var outputLength: Int { (length + 2 * padding - kernel).quotient(stride) + 1 }

  /// The length of the output of the transposed convolution.
  var transposedLength: Int { (length - 1) * stride - 2 * padding + kernel }

  /// The mean number of taps inside the input, over the positions of the output: with padding it is below the kernel's
  /// length, and on small maps far below.
  var taps: Double {
    let outputs = outputLength
    var count = 0
    for tap in 0..<kernel {
      // The outputs o with 0 ≤ o·stride − padding + tap < length.
      let first = max(0, (padding - tap + stride - 1).quotient(stride))
      let last = min(outputs - 1, (length - 1 + padding - tap).quotient(stride))
      count += max(0, last - first + 1)
    }
    return Double(count) / Double(outputs)
  }

  /// The mean number of inputs that reach a position of the output of the transposed convolution.
  var transposedTaps: Double {
    let outputs = transposedLength
    var count = 0
    for tap in 0..<kernel {
      // The inputs i with 0 ≤ i·stride + tap − padding < outputs.
      let first = max(0, (padding - tap + stride - 1).quotient(stride))
      let last = min(length - 1, (outputs - 1 + padding - tap).quotient(stride))
      count += max(0, last - first + 1)
    }
    return Double(count) / Double(outputs)
  }
}

extension Int {
  /// The quotient, rounded down.
  fileprivate func quotient(_ divisor: Int) -> Int {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
  }
}
