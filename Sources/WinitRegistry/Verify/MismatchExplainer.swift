// The likely causes of a mismatch, each tested on a sample of elements.

import WinitCore
import WinitFiles
import WinitJSON
import WinitStorage

/// Tests the usual causes of a difference. Any element of any recipe can be computed alone, so a test costs a few dozen
/// elements. A cause is named only if every element of the sample fits it.
struct MismatchExplainer {
  /// The maximum number of findings that are explained. Each may test every tensor of the run.
  static let limit = 100

  let tensors: [TensorRecord]
  /// The seeds of the runs of the registry, and the seeds that people commonly use.
  let seeds: [UInt64]

  init(tensors: [TensorRecord], otherSeeds: [UInt64]) {
    self.tensors = tensors
    var seen: Set<UInt64> = []
    seeds =
      (otherSeeds + Array(0...1024) + [
        1234, 1337, 2020, 2021, 2022, 2023, 2024, 2025, 2026, 3407, 12345, 123_456,
      ])
      .filter { seen.insert($0).inserted }
  }

  /// Explains another dtype: the values of the run, converted.
  func otherDType(_ tensor: TensorRecord, _ entry: Checkpoint.Entry) -> String? {
    let dtype = entry.dtype
    guard dtype.isFloatingPoint, tensor.recipe.dtype.isFloatingPoint,
      entry.shape.elementCount == tensor.recipe.shape.elementCount, let sample = ElementSample(entry, dtype)
    else { return nil }
    guard
      sample.fits(tensor.recipe, as: dtype)
        || sample.fits(tensor.recipe, through: tensor.recipe.dtype, as: dtype)
    else { return nil }
    return "the same initialization saved as \(dtype)"
  }

  /// Explains another shape: the transpose.
  func otherShape(_ tensor: TensorRecord, _ entry: Checkpoint.Entry) -> String? {
    guard entry.dtype == tensor.recipe.dtype, entry.dtype.hasWholeBytes,
      entry.shape.dims == tensor.recipe.shape.dims.reversed(),
      let sample = ElementSample(entry, tensor.recipe.dtype), sample.fitsTransposed(tensor.recipe)
    else { return nil }
    return "transposed"
  }

  /// Explains other values of the same shape and dtype.
  func otherValues(_ tensor: TensorRecord, _ entry: Checkpoint.Entry, _ difference: ElementDifference)
    -> String?
  {
    let recipe = tensor.recipe
    if difference.count == 1, difference.flippedBits.nonzeroBitCount == 1 {
      return "one flipped bit: the file was damaged"
    }
    guard recipe.dtype.hasWholeBytes, let sample = ElementSample(entry, recipe.dtype) else { return nil }
    if sample.isConstant {
      return "every element sampled is \(sample.firstText); the tensor was filled with a constant"
    }
    if sample.fitsTransposed(recipe) { return "transposed" }
    if recipe.dtype.isFloatingPoint {
      for dtype in [WinitCore.DType.bfloat16, .float16, .float32] where dtype.byteCount < recipe.dtype.byteCount {
        if sample.fits(recipe, through: dtype, as: recipe.dtype) {
          return "the same initialization, rounded to \(dtype) on the way"
        }
      }
    }
    for seed in seeds where seed != recipe.seed {
      if let other = try? recipe.replacing(seed: seed), sample.fits(other) {
        return "the values of seed \(seed)"
      }
    }
    for other in tensors where other.name != tensor.name {
      if sample.fits(other.recipe) { return "the values of tensor \(quoted: other.name)" }
      if let renamed = try? recipe.replacing(stream: other.recipe.stream), sample.fits(renamed) {
        return "the values this tensor would have under the name \(quoted: other.name)"
      }
    }
    if difference.count * 100 < recipe.shape.elementCount {
      return "most elements match: the file was damaged, or trained for a few steps"
    }
    return nil
  }
}

/// A sample of the elements of a tensor in a file: the first 16, 48 at equal distances, and the last.
private struct ElementSample {
  private let dtype: WinitCore.DType
  private let shape: Shape
  private let indices: [Int]
  private let bytes: [[UInt8]]

  /// Reads the sample. Returns nil if the file cannot be read or the tensor is empty.
  init?(_ entry: Checkpoint.Entry, _ dtype: WinitCore.DType) {
    let count = entry.shape.elementCount
    guard count > 0 else { return nil }
    let spread = (0..<48).map { $0 * ((count - 1) / 47) }
    let indices = Set((0..<min(16, count)) + spread + [count - 1]).sorted()
    self.indices = indices
    self.dtype = dtype
    shape = entry.shape
    do {
      bytes = try indices.map {
        try entry.bytes.bytes(at: $0 * dtype.byteCount, count: dtype.byteCount)
      }
    } catch { return nil }
  }

  var isConstant: Bool { bytes.count > 1 && bytes.allSatisfy { $0 == bytes[0] } }

  var firstText: String { bytes[0].withUnsafeBytes { elementText($0, at: 0, dtype) } }

  /// Returns whether a recipe gives every element of the sample. Returns false for fewer than four elements and for a
  /// law without draws, because equal elements would prove nothing.
  func fits(_ recipe: Recipe) -> Bool {
    recipe.law.canBeSampled && recipe.dtype == dtype && recipe.shape.elementCount == shape.elementCount
      && indices.count >= 4
      && zip(indices, bytes).allSatisfy { index, bytes in (try? recipe.bytes(index..<index + 1)) == bytes }
  }

  /// Returns whether a recipe gives the sample at another dtype.
  func fits(_ recipe: Recipe, as dtype: WinitCore.DType) -> Bool {
    guard
      let other = try? Recipe(
        seed: recipe.seed, stream: recipe.stream, dtype: dtype, shape: recipe.shape, law: recipe.law)
    else { return false }
    return fits(other)
  }

  /// Returns whether the values of a recipe give the sample after rounding to a narrower dtype.
  func fits(_ recipe: Recipe, through narrow: WinitCore.DType, as dtype: WinitCore.DType) -> Bool {
    guard recipe.law.canBeSampled, indices.count >= 4, dtype == self.dtype,
      recipe.shape.elementCount == shape.elementCount,
      let rounded = try? Recipe(
        seed: recipe.seed, stream: recipe.stream, dtype: narrow, shape: recipe.shape, law: recipe.law)
    else { return false }
    return zip(indices, bytes).allSatisfy { index, bytes in
      guard let ours = try? rounded.bytes(index..<index + 1) else { return false }
      return ours.withUnsafeBytes { ours in
        bytes.withUnsafeBytes { floatingPoint(ours, at: 0, narrow) == floatingPoint($0, at: 0, dtype) }
      }
    }
  }

  /// Returns whether element [i, j] of the sample is element [j, i] of a recipe.
  func fitsTransposed(_ recipe: Recipe) -> Bool {
    guard shape.rank == 2, recipe.shape.dims == shape.dims.reversed(), indices.count >= 4,
      recipe.law.canBeSampled
    else {
      return false
    }
    return zip(indices, bytes).allSatisfy { index, bytes in
      let position = shape.coordinates(of: index)
      let transposed = position[1] * shape.dims[0] + position[0]
      return (try? recipe.bytes(transposed..<transposed + 1)) == bytes
    }
  }
}

extension Law {
  /// Whether a few elements can be computed alone and identify the law.
  fileprivate var canBeSampled: Bool { isRandom && !needsWhole }
}
