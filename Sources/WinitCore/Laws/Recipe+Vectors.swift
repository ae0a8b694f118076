// Fills with a C kernel.

import CWinitKernels

extension Recipe {
  /// Fills the beginning of a range of elements, as far as the kernel can.
  ///
  /// - Returns: the number of elements filled, which is 0 if the scalar form must fill them.
  func fillVectors(
    _ elements: Range<Int>, into buffer: UnsafeMutableRawBufferPointer, _ kernel: SIMDKernel
  ) -> Int {
    guard let fill = kernel.fill, var recipe = kernelRecipe, let base = buffer.baseAddress else { return 0 }
    if elements.lowerBound.isMultiple(of: 4) {
      let done = fill(&recipe, UInt64(elements.lowerBound / 4), elements.count / 4, base)
      if done > 0 { return 4 * done }
    }
    // At the edges of a range, fill a whole group in temporary memory and copy the elements of the range.
    return withUnsafeTemporaryAllocation(byteCount: 4 * Int(WINIT_GROUP) * dtype.byteCount, alignment: 64) {
      let blocks = fill(&recipe, UInt64(elements.lowerBound / 4), Int(WINIT_GROUP), $0.baseAddress)
      let skipped = elements.lowerBound % 4
      let count = min(4 * blocks - skipped, elements.count)
      guard count > 0 else { return 0 }
      buffer.copyMemory(
        from: UnsafeRawBufferPointer(
          rebasing: $0[skipped * dtype.byteCount..<(skipped + count) * dtype.byteCount]))
      return count
    }
  }

  /// The recipe as a C struct, or nil if the kernels do not support its law or its dtype.
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
    default: return nil
    }
    return recipe
  }
}
