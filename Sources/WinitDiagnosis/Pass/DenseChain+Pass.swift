// The use of a chain: what a pass needs, and the pass.

package import WinitCore

extension DenseChain {
  /// Runs a batch forward and a gradient backward.
  ///
  /// - Parameters:
  ///   - threads: the maximum number of threads. The bits depend neither on it nor on the kernel.
  ///   - elements: returns the elements of a tensor in row-major order. It is called once for each bias, and twice for
  ///     each weight, so that only one weight is in memory.
  /// - Throws: `PassRefusal` if the options do not fit the chain, or if the pass needs more memory than it may take; an
  ///   error of `elements`.
  package func pass(
    _ options: PassOptions = PassOptions(), threads: Int, kernel: SIMDKernel = .current,
    elements: @escaping (String) throws -> [Float]
  ) throws -> DensePass {
    try check(options)
    do {
      return try PassRun(chain: self, options: options, threads: threads, kernel: kernel, elements: elements).pass()
    } catch let error as InsufficientMemory {
      throw PassRefusal("no pass: the system refused \(error.needed) bytes of memory. Use a smaller batch")
    }
  }

  /// Refuses options that the chain cannot be run with.
  private func check(_ options: PassOptions) throws(PassRefusal) {
    guard options.batch >= PassOptions.smallestBatch else {
      throw PassRefusal(
        "no pass: the batch has \(options.batch) samples, and needs at least \(PassOptions.smallestBatch)")
    }
    guard let needed = byteCount(options), needed <= options.memoryLimit else {
      throw PassRefusal(
        "no pass: a batch of \(options.batch) samples needs more than \(options.memoryLimit) bytes of memory. Use a smaller batch"
      )
    }
    let available = AvailableMemory.now()
    guard needed <= available.byteCount else {
      throw PassRefusal(
        "no pass: it needs \(needed) bytes, and \(available.byteCount) bytes are available (\(available.limit.rawValue)). Use a smaller batch"
      )
    }
  }

  /// The number of bytes that a pass takes: the largest weight, what the gradient needs of each step, and the batches
  /// of a product. Nil if there is no such number.
  package func byteCount(_ options: PassOptions) -> Int? {
    var weight: Int? = 0
    var widest = inputSize
    // The units of all batches that are kept.
    var kept: Int? = 0
    var units = inputSize
    for step in allSteps {
      switch step.operation {
      case .dense(let dense):
        weight = weight.flatMap { $0.maximum(product(product(dense.inputs, dense.outputs), 4)) }
        units = dense.outputs
      case .norm(let norm):
        units = norm.units
        kept = sum(kept, units)
      // The input and the sum.
      case .residual: kept = sum(kept, product(widest, 2))
      case .none: break
      }
      widest = max(widest, units)
      if step.activation != .linear { kept = sum(kept, units) }
    }
    let batches = sum(kept, product(widest, 3)).flatMap { Batch.byteCount(samples: options.batch, units: $0) }
    return sum(weight, batches)
  }
}

extension Int {
  fileprivate func maximum(_ other: Int?) -> Int? { other.map { Swift.max(self, $0) } }
}

private func product(_ a: Int?, _ b: Int) -> Int? {
  guard let (result, overflow) = a?.multipliedReportingOverflow(by: b), !overflow else { return nil }
  return result
}

private func sum(_ a: Int?, _ b: Int?) -> Int? {
  guard let b, let (result, overflow) = a?.addingReportingOverflow(b), !overflow else { return nil }
  return result
}
