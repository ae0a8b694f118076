// A law: the numbers that a fill executes, with nothing left to resolve.
//
// `Law` is an enum, and several files switch over its cases. A new law changes these places, in this order:
//
//  1. docs/law.md defines the law and its checks, and docs/manifest.md lists its parameters. The name is new: a law
//     that has a name never changes.
//  2. The reference in NumPy (python/src/winit/reference: `Law` in laws.py, and the module that fills it), which is a
//     second implementation of docs/law.md. tools/checks makes the vectors with it: fills.txt for an elementwise law,
//     expressions.txt and structures.txt for the others.
//  3. Law.swift: the case, and the properties at the end of the file. The compiler does not find those with a default.
//  4. Law+Parameters.swift: `name`, `parameters`, and `init?(name:parameters:)`, which the compiler does not find.
//     Manifest/Law+JSON.swift only if a parameter is not a number, as a tree, axes or a layout.
//  5. Law+Rounding.swift: the function that makes the law from binary64 numbers. LawError.swift if it can fail in a new
//     way.
//  6. Law+Check.swift: `check(_:_:)`, `canBePart` and `largestMagnitude`; `isStructure` and `checkStructure` for a
//     matrix or a kernel; `check(_:)` if the law takes dtypes that random laws do not take.
//  7. Recipe+Fill.swift: `fill(_:into:kernel:literal:)`, which calls one of these:
//       - Recipe+Draws.swift, `fillScalar`, for an elementwise law. This is the definition in Swift.
//       - Recipe+Structure.swift, for a law in which the position decides. `fillStructure` fills a region
//         (Region.swift): a tensor, a box of a tensor, or one matrix of a batch. `fillParts` has a case for each group
//         of laws.
//       - Recipe+Whole.swift, `makeWhole`, which the compiler does not find, for a law that needs its whole region.
//       - Recipe+Expression.swift and Recipe+Norm.swift, for `expression` and `norm_of`.
//     A law that depends on another tensor is also known to Recipe.swift, to RecipeGraph.swift, which makes the recipes
//     of a model, and to Plan+Literals.swift in WinitSpec. A law that has no value at some elements is also known to
//     Recipe+Failures.swift.
//  8. Recipe+Vectors.swift: `kernelRecipe`, which gives nil for a law without a C kernel. A C kernel also needs
//     `winit_law` and `winit_recipe` in winit_kernels.h, and `value` and `fill_any` in kernel.h. In Python,
//     structs.py of winit.kernels has the same declarations.
//  9. Sources/WinitInitializers: a scheme that gives the law, which docs/spec.md describes. `verify` resolves it again
//     (RecordedScheme.swift in WinitRegistry), and `show` prints it (TensorText.swift).
// 10. Tests: the lists of laws in LawTests, KernelTests, ArmKernelTests and StructureTests, `random` in FillTests, and
//     Fuzz/yaml.dict.
//
// A new operation of expressions is a case in Expressions/Operations.swift, with its function in LawFunctions.swift,
// and the same in operations.py of the reference.

/// The function from words to the elements of a tensor, with every parameter resolved to the exact number used.
///
/// | law | value of the element with word w |
/// | --- | --- |
/// | constant | value |
/// | uniform | min(max(U(w) × half + mid, low), high) |
/// | normal | Q(w) × std + mean |
/// | truncated_normal | T(w) × std + mean |
/// | expression | a tree of operations on the draw and the coordinates of the element |
/// | norm_of | the norm of another tensor over some of its axes |
/// | eye | value on the diagonal of a matrix, 0 elsewhere |
/// | dirac | 1 at [g·m + d, d, center] for each group g and each d below min(m, in), 0 elsewhere (in torch's layout) |
/// | orthogonal | gain × Q of the QR decomposition of a normal matrix, where the diagonal of R is positive |
/// | delta_orthogonal | an orthogonal matrix at the middle of a kernel, 0 elsewhere |
/// | sparse | normal, with `zeros` elements of each column set to 0 |
/// | parts | the value under the law of the last part whose box holds the element |
/// | literal | given bytes, which the registry stores |
///
/// A law from `eye` to `sparse` may be batched: each index on some axes then has a matrix or kernel of its own.
///
/// The first four are elementwise: an element depends on its word alone.
package indirect enum Law: Sendable, Hashable {
  /// Every element is `value`: a binary32 number for floating-point tensors, and an integer of at most 2⁵³ in magnitude
  /// for integer and boolean tensors.
  case constant(value: Double)
  /// Every element is uniform on [low, high].
  case uniform(half: Float, mid: Float, low: Float, high: Float)
  /// Every element is normal.
  case normal(mean: Float, std: Float)
  /// Every element is normal, cut to [low, high] in standard deviations. alpha and beta are Φ of the cuts.
  case truncatedNormal(alpha: Double, beta: Double, low: Float, high: Float, mean: Float, std: Float)

  /// Every element is a function of its own draw, under one of the random laws above, and of its coordinates. The tree
  /// is canonical: `ExpressionTree.folded()` does not change it.
  case expression(draw: Law?, tree: ExpressionTree)
  /// Every element is the norm of another tensor of the run over axes, in ascending order. The result has the other
  /// axes, and keeps the axes of the norm as 1 or leaves them out.
  case normOf(TensorName, axes: [Int])

  /// The identity matrix times `value`, clipped or padded with zeros to the shape.
  case eye(value: Float)
  /// The identity of a convolution. Its center is at size / 2 on each spatial axis.
  case dirac(groups: Int, layout: Layout)
  /// A matrix of orthonormal columns, or of orthonormal rows if there are fewer rows than columns, times a gain. The
  /// elements of the tensor in row-major order are those of a matrix of `rows` rows. A tensor of rank 1 is a unit
  /// vector times the gain. Every element depends on every word.
  case orthogonal(gain: Double, rows: Int)
  /// An orthogonal matrix of inputs and outputs at (size − 1) / 2 of each spatial axis of a kernel.
  case deltaOrthogonal(gain: Double, layout: Layout)
  /// Every element is normal with mean 0, except that exactly `zeros` elements of each column of the matrix are 0.
  case sparse(std: Float, zeros: Int)
  /// One of the laws from `eye` to `sparse` for each index on some axes, in ascending order. The matrix or kernel has
  /// the other axes. Each element takes the word at its index in the whole tensor.
  case batched(Law, axes: [Int])
  /// Boxes of the tensor with laws of their own. A later part overwrites an earlier part. The first part is the whole
  /// tensor.
  case parts([LawPart])
  /// Given bytes, which no recipe regenerates.
  case literal

  /// True if an element depends on its word alone.
  package var isElementwise: Bool {
    switch self {
    case .constant, .uniform, .normal, .truncatedNormal: true
    default: false
    }
  }

  /// True if an element cannot be computed without the whole tensor.
  package var needsWhole: Bool {
    switch self {
    case .orthogonal, .deltaOrthogonal, .sparse, .normOf: true
    case .batched(let law, _): law.needsWhole
    case .parts(let parts): parts.contains { $0.law.needsWhole }
    default: false
    }
  }

  /// True if an element depends on a draw.
  package var isRandom: Bool {
    switch self {
    case .uniform, .normal, .truncatedNormal, .orthogonal, .deltaOrthogonal, .sparse: true
    case .constant, .eye, .dirac, .normOf, .literal: false
    case .expression(let draw, _): draw != nil
    case .batched(let law, _): law.isRandom
    case .parts(let parts): parts.contains { $0.law.isRandom }
    }
  }

  /// True if given bytes are a part of the tensor, or all of it.
  package var hasLiteral: Bool {
    switch self {
    case .literal: true
    case .parts(let parts): parts.contains { $0.law.hasLiteral }
    default: false
    }
  }

  /// True if the law computes elements with operations that can fail or overflow, so that the first fill checks every
  /// element.
  package var canFail: Bool {
    switch self {
    case .expression, .normOf: true
    case .parts(let parts): parts.contains { $0.law.canFail }
    default: false
    }
  }
}
