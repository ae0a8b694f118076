// Fills with a C kernel.

import CWinitKernels

extension Recipe {
  /// Fills a range of elements with a kernel.
  ///
  /// - Returns: false if the scalar form must fill them; then nothing is written.
  func fillVectors(
    _ elements: Range<Int>, into buffer: UnsafeMutableRawBufferPointer, _ kernel: SIMDKernel
  ) -> Bool {
    guard let number = kernel.number, var recipe = kernelRecipe else { return false }
    let status = winit_fill(
      number, &recipe, UInt64(elements.lowerBound), UInt64(elements.count), buffer.baseAddress)
    precondition(status == WINIT_OK, "the kernel \(kernel) refused a range of elements")
    return true
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
