// Why given weights are not a run's: guesses that are tried on a sample of elements before they are made.

import WinitCore
import WinitFiles
import WinitStorage

/// Tries the usual causes of a difference. Any element of any recipe can be computed alone, so each guess costs a
/// few dozen elements; it is made only where every one of them fits.
struct MismatchExplainer {
  /// How many findings are explained: each may try every tensor of the run, and nobody reads hundreds.
  static let limit = 100

  let tensors: [RecordedTensor]
  /// The seeds of the registry's runs, and those that people use.
  let seeds: [UInt64]

  init(tensors: [RecordedTensor], otherSeeds: [UInt64]) {
    self.tensors = tensors
    var seen: Set<UInt64> = []
    seeds =
      (otherSeeds + Array(0...1024) + [
        1234, 1337, 2020, 2021, 2022, 2023, 2024, 2025, 2026, 3407, 12345, 123_456,
      ])
      .filter { seen.insert($0).inserted }
  }

  /// The file has another dtype: are its values ours, converted?
  func otherDType(_ tensor: RecordedTensor, _ entry: Checkpoint.Entry) -> String? {
    guard let dtype = entry.dtype, dtype.isFloatingPoint, tensor.recipe.dtype.isFloatingPoint,
      entry.shape.elementCount == tensor.recipe.shape.elementCount, let sample = Sample(entry, dtype)
    else { return nil }
    guard
      sample.fits(tensor.recipe, as: dtype)
        || sample.fits(tensor.recipe, through: tensor.recipe.dtype, as: dtype)
    else { return nil }
    return "the same initialization saved as \(dtype)"
  }

  /// The file has another shape: is it the transpose?
  func otherShape(_ tensor: RecordedTensor, _ entry: Checkpoint.Entry) -> String? {
    guard entry.dtype == tensor.recipe.dtype, entry.shape.dims == tensor.recipe.shape.dims.reversed(),
      let sample = Sample(entry, tensor.recipe.dtype), sample.fitsTransposed(tensor.recipe)
    else { return nil }
    return "transposed"
  }

  /// The file has other values under the same shape and dtype.
  func otherValues(_ tensor: RecordedTensor, _ entry: Checkpoint.Entry, _ difference: ElementDifference)
    -> String?
  {
    let recipe = tensor.recipe
    if difference.count == 1, difference.flippedBits.nonzeroBitCount == 1 {
      return "one flipped bit: the file was damaged"
    }
    guard let sample = Sample(entry, recipe.dtype) else { return nil }
    if sample.isConstant {
      return "every element sampled is \(sample.firstText); the tensor was filled with a constant"
    }
    if sample.fitsTransposed(recipe) { return "transposed" }
    if recipe.dtype.isFloatingPoint {
      for dtype in [DType.bfloat16, .float16, .float32] where dtype.byteCount < recipe.dtype.byteCount {
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
      if sample.fits(other.recipe) { return "the values of tensor `\(other.name)`" }
      if let renamed = try? recipe.replacing(stream: other.recipe.stream), sample.fits(renamed) {
        return "the values this tensor would have under the name `\(other.name)`"
      }
    }
    if difference.count * 100 < recipe.shape.elementCount {
      return "most elements are right: the file was damaged, or trained for a little"
    }
    return nil
  }
}

/// Some elements of a tensor in a file: the first few and others spread over all of it.
private struct Sample {
  private let dtype: DType
  private let shape: Shape
  private let indices: [Int]
  private let bytes: [[UInt8]]

  /// Nil where the file cannot be read or the tensor is empty.
  init?(_ entry: Checkpoint.Entry, _ dtype: DType) {
    let count = entry.shape.elementCount
    guard count > 0 else { return nil }
    let spread = (0..<48).map { $0 * ((count - 1) / 47) }
    let indices = Set((0..<min(16, count)) + spread + [count - 1]).sorted()
    self.indices = indices
    self.dtype = dtype
    shape = entry.shape
    do {
      bytes = try indices.map {
        try entry.file.bytes(at: entry.offset + $0 * dtype.byteCount, count: dtype.byteCount)
      }
    } catch { return nil }
  }

  var isConstant: Bool { bytes.count > 1 && bytes.allSatisfy { $0 == bytes[0] } }

  var firstText: String { bytes[0].withUnsafeBytes { elementText($0, at: 0, dtype) } }

  /// Whether a recipe with as many elements gives these, element for element. Too few elements, or a recipe that
  /// gives the same everywhere, prove nothing.
  func fits(_ recipe: Recipe) -> Bool {
    guard !recipe.law.canBeTried else {
      return recipe.dtype == dtype && recipe.shape.elementCount == shape.elementCount && indices.count >= 4
        && zip(indices, bytes).allSatisfy { index, bytes in recipe.bytes(index..<index + 1) == bytes }
    }
    return false
  }

  /// Whether a recipe made at another dtype gives these.
  func fits(_ recipe: Recipe, as dtype: DType) -> Bool {
    guard
      let other = try? Recipe(
        seed: recipe.seed, stream: recipe.stream, dtype: dtype, shape: recipe.shape, law: recipe.law)
    else { return false }
    return fits(other)
  }

  /// Whether a recipe's values, rounded to a narrower dtype first, give these.
  func fits(_ recipe: Recipe, through narrow: DType, as dtype: DType) -> Bool {
    guard indices.count >= 4, dtype == self.dtype, recipe.shape.elementCount == shape.elementCount,
      let rounded = try? Recipe(
        seed: recipe.seed, stream: recipe.stream, dtype: narrow, shape: recipe.shape, law: recipe.law)
    else { return false }
    if !recipe.law.canBeTried { return false }
    return zip(indices, bytes).allSatisfy { index, bytes in
      rounded.bytes(index..<index + 1).withUnsafeBytes { ours in
        bytes.withUnsafeBytes { floatingPoint(ours, at: 0, narrow) == floatingPoint($0, at: 0, dtype) }
      }
    }
  }

  /// Whether element [i, j] here is the recipe's [j, i].
  func fitsTransposed(_ recipe: Recipe) -> Bool {
    guard shape.rank == 2, recipe.shape.dims == shape.dims.reversed(), indices.count >= 4 else {
      return false
    }
    if !recipe.law.canBeTried { return false }
    return zip(indices, bytes).allSatisfy { index, bytes in
      let position = shape.coordinates(of: index)
      let transposed = position[1] * shape.dims[0] + position[0]
      return recipe.bytes(transposed..<transposed + 1) == bytes
    }
  }
}

extension Law {
  /// Whether a few elements prove something, and cost no more than they are.
  fileprivate var canBeTried: Bool { isRandom && !needsWhole }
}
