// The part of a fill that vectors do: whole groups of blocks in the middle of a range.

import CLawKernels
import Tensors

extension Recipe {
  /// Fills as much of a range as a kernel can.
  ///
  /// - Returns: the elements that were filled, within the range.
  func fillVectors(
    _ elements: Range<Int>, into buffer: UnsafeMutableRawBufferPointer, _ kernel: Kernel
  ) -> Range<Int> {
    let none = elements.lowerBound..<elements.lowerBound
    guard let fill = kernel.fill, var recipe = kernelRecipe, let base = buffer.baseAddress else {
      return none
    }
    let first = (elements.lowerBound + 3) / 4
    let blocks = elements.upperBound / 4 - first
    guard blocks > 0 else { return none }
    let offset = (4 * first - elements.lowerBound) * dtype.byteCount
    let done = fill(&recipe, UInt64(first), blocks, base + offset)
    return done == 0 ? none : 4 * first..<4 * (first + done)
  }

  /// This recipe as the kernels take it; nil for what they do not do.
  private var kernelRecipe: winit_recipe? {
    var recipe = winit_recipe()
    recipe.seed = seed
    recipe.stream = stream
    switch dtype {
    case .float32: recipe.format = WINIT_FLOAT32
    case .float64: recipe.format = WINIT_FLOAT64
    case .float16: recipe.format = WINIT_FLOAT16
    case .bfloat16: recipe.format = WINIT_BFLOAT16
    default: return nil
    }
    switch law {
    case .constant: return nil
    case .uniform(let half, let mid, let low, let high):
      recipe.law = WINIT_UNIFORM
      (recipe.half, recipe.mid, recipe.low, recipe.high) = (half, mid, low, high)
    case .normal(let mean, let std):
      recipe.law = WINIT_NORMAL
      (recipe.mean, recipe.std) = (mean, std)
    case .truncatedNormal(let alpha, let beta, let low, let high, let mean, let std):
      recipe.law = WINIT_TRUNCATED_NORMAL
      (recipe.alpha, recipe.beta) = (alpha, beta)
      (recipe.low, recipe.high, recipe.mean, recipe.std) = (low, high, mean, std)
    }
    return recipe
  }
}
