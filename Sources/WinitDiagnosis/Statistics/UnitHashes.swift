// Hashes of the outputs and the inputs of a weight, which add up over chunks.

import WinitCore

/// The hashes of the units of a range of elements.
///
/// The hash of a unit is the sum modulo 2⁶⁴ of a term for each element: the product of the element's bits and a
/// pseudo-random odd number that belongs to its place in the unit (multilinear hashing; Lemire and Kaser, 2014,
/// "Strongly universal string hashing is fast"). The bits are mixed before, because a product with a multiple of 2^k
/// says nothing in its k lowest bits. The term of 0 is 0, so a unit of zeros has the hash 0. Any other unit has this
/// hash, and two different units have the same hash, with a probability of 2⁻⁴⁸ or less.
struct UnitHashes: Sendable {
  /// The hashes of consecutive units.
  struct Extent: Sendable {
    var first: Int
    var hashes: [UInt64]

    init(_ units: Range<Int>) {
      first = units.lowerBound
      hashes = [UInt64](repeating: 0, count: units.count)
    }

    /// Adds the terms of other elements.
    ///
    /// - Precondition: the units of `other` are units of this extent.
    mutating func add(_ other: Extent) {
      for (i, hash) in other.hashes.enumerated() { hashes[other.first - first + i] &+= hash }
    }
  }

  var outputs: Extent
  var inputs: Extent

  /// Creates the hashes of the units of elements, all 0.
  init(_ axes: WeightAxes, elements: Range<Int>) {
    let units = axes.units(of: elements)
    (outputs, inputs) = (Extent(units.outputs), Extent(units.inputs))
  }

  mutating func add(_ other: UnitHashes) {
    outputs.add(other.outputs)
    inputs.add(other.inputs)
  }
}

/// The computation of the hashes of a tensor's units.
struct UnitHasher: Sendable {
  /// The maximum number of outputs and inputs together. More are not compared.
  static let limit = 1 << 22

  let axes: WeightAxes
  /// The factors of the first places in a unit.
  private let factors: [UInt64]
  private static let factorLimit = 1 << 16

  /// Whether binary32 does not hold every element.
  private let isWide: Bool
  private let kernel: StatisticsKernel

  /// Returns nil if the tensor has more units than `limit`.
  init?(_ axes: WeightAxes, isWide: Bool, _ kernel: StatisticsKernel) {
    guard axes.outputs <= UnitHasher.limit - axes.inputs else { return nil }
    (self.axes, self.isWide, self.kernel) = (axes, isWide, kernel)
    // Only the places along the last axis change from element to element.
    let size =
      switch axes.axes.last?.role {
      case .input: axes.outputSize
      case .output: axes.inputs > 0 ? axes.inputSize : 0
      case .field: max(axes.outputSize, axes.inputs > 0 ? axes.inputSize : 0)
      case .batch, nil: 0
      }
    factors = (0..<min(size, UnitHasher.factorLimit)).map(UnitHasher.factor)
  }

  /// The odd number of a place: a step of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
  @inline(__always)
  private static func factor(_ place: Int) -> UInt64 {
    var z = (UInt64(truncatingIfNeeded: place) &+ 1) &* 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return (z ^ (z >> 31)) | 1
  }

  /// Adds the terms of consecutive elements to the hashes of their units.
  func add(_ values: UnsafePointer<Double>, count: Int, at start: Int, to hashes: inout UnitHashes) {
    let (firstOutput, firstInput) = (hashes.outputs.first, hashes.inputs.first)
    let hasInputs = axes.inputs > 0
    hashes.outputs.hashes.withUnsafeMutableBufferPointer { outputs in
      hashes.inputs.hashes.withUnsafeMutableBufferPointer { inputs in
        guard let outputs = outputs.baseAddress else { return }
        walk(values, count, start) { run in
          let outputHashes = outputs + (run.output - firstOutput)
          guard hasInputs, let inputHashes = inputs.baseAddress.map({ $0 + (run.input - firstInput) }) else {
            addOutputs(run, outputHashes)
            return
          }
          add(run, outputHashes, inputHashes)
        }
      }
    }
  }

  /// Consecutive elements on the last axis.
  private struct Run {
    var values: UnsafePointer<Double>
    var count: Int
    var output = 0
    var outputPlace = 0
    var input = 0
    var inputPlace = 0
  }

  /// Splits elements into runs.
  @inline(__always)
  private func walk(_ values: UnsafePointer<Double>, _ count: Int, _ start: Int, _ body: (Run) -> Void) {
    axes.axes.withUnsafeBufferPointer { axes in
      guard let last = axes.last else {
        body(Run(values: values, count: count))
        return
      }
      withUnsafeTemporaryAllocation(of: Int.self, capacity: axes.count) { coordinates in
        var run = Run(values: values, count: 0)
        var rest = start
        for i in axes.indices.reversed() {
          coordinates[i] = rest % axes[i].length
          rest /= axes[i].length
          run.output += coordinates[i] * axes[i].output
          run.outputPlace += coordinates[i] * axes[i].outputPlace
          run.input += coordinates[i] * axes[i].input
          run.inputPlace += coordinates[i] * axes[i].inputPlace
        }
        var done = 0
        while done < count {
          run.values = values + done
          run.count = min(last.length - coordinates[axes.count - 1], count - done)
          body(run)
          done += run.count
          // Step to the element after the run.
          var (axis, steps) = (axes.count - 1, run.count)
          while true {
            coordinates[axis] += steps
            let isComplete = coordinates[axis] == axes[axis].length
            if isComplete { steps -= axes[axis].length }
            run.output += steps * axes[axis].output
            run.outputPlace += steps * axes[axis].outputPlace
            run.input += steps * axes[axis].input
            run.inputPlace += steps * axes[axis].inputPlace
            guard isComplete, axis > 0 else { break }
            coordinates[axis] = 0
            (axis, steps) = (axis - 1, 1)
          }
        }
      }
    }
  }

  /// Adds a run whose elements belong to an output and an input each.
  @inline(__always)
  private func add(_ run: Run, _ outputs: UnsafeMutablePointer<UInt64>, _ inputs: UnsafeMutablePointer<UInt64>) {
    let (outputFactor, inputFactor) = (factor(run.outputPlace), factor(run.inputPlace))
    switch axes.axes.last?.role {
    case .input:
      withFactors(run.outputPlace, run.count) { factors in
        hash(run, .one(factors: factors, outputs), .each(factor: inputFactor, inputs))
      }
    case .output:
      withFactors(run.inputPlace, run.count) { factors in
        hash(run, .each(factor: outputFactor, outputs), .one(factors: factors, inputs))
      }
    case .field:
      withFactors(run.outputPlace, run.count) { outputFactors in
        withFactors(run.inputPlace, run.count) { inputFactors in
          hash(run, .one(factors: outputFactors, outputs), .one(factors: inputFactors, inputs))
        }
      }
    case .batch, nil: hash(run, .each(factor: outputFactor, outputs), .each(factor: inputFactor, inputs))
    }
  }

  /// Adds a run of a tensor without inputs.
  @inline(__always)
  private func addOutputs(_ run: Run, _ outputs: UnsafeMutablePointer<UInt64>) {
    switch axes.axes.last?.role {
    case .input, .field: withFactors(run.outputPlace, run.count) { hash(run, .one(factors: $0, outputs)) }
    case .output, .batch, nil: hash(run, .each(factor: factor(run.outputPlace), outputs))
    }
  }

  @inline(__always)
  private func hash(_ run: Run, _ first: StatisticsKernel.HashSide, _ second: StatisticsKernel.HashSide? = nil) {
    kernel.hash(run.values, count: run.count, isWide: isWide, first, second)
  }

  @inline(__always)
  private func factor(_ place: Int) -> UInt64 { place < factors.count ? factors[place] : UnitHasher.factor(place) }

  /// Calls a function with the factors of consecutive places.
  @inline(__always)
  private func withFactors(_ place: Int, _ count: Int, _ body: (UnsafePointer<UInt64>) -> Void) {
    factors.withUnsafeBufferPointer { table in
      if let start = table.baseAddress, place + count <= table.count {
        body(start + place)
      } else {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: count) { buffer in
          for i in 0..<count { buffer[i] = UnitHasher.factor(place + i) }
          if let start = buffer.baseAddress { body(UnsafePointer(start)) }
        }
      }
    }
  }
}
