// Which inner loops fill: the scalar definition, or vectors of a width that the processor has.

import CWinitKernels
import Foundation

/// The inner loops of a fill. All give the same bits; they differ in speed alone.
public enum SIMDKernel: String, Sendable, CaseIterable {
  /// Swift, one element at a time: the definition the others are held to.
  case scalar
  #if arch(x86_64)
    /// 128-bit vectors, which every 64-bit x86 processor has.
    case sse2
    /// 256-bit vectors.
    case avx2
    /// 512-bit vectors (F, DQ, BW and VL).
    case avx512
  #elseif arch(arm64)
    /// 128-bit vectors, which every 64-bit Arm processor has.
    case neon
  #endif

  /// Whether this processor can run it.
  public var isAvailable: Bool {
    switch self {
    case .scalar: true
    #if arch(x86_64)
      case .sse2: true
      case .avx2: winit_has_avx2() != 0
      case .avx512: winit_has_avx512() != 0
    #elseif arch(arm64)
      case .neon: true
    #endif
    }
  }

  /// The widest that this processor can run.
  public static let best = allCases.last { $0.isAvailable } ?? .scalar

  /// The one in force: that of $WINIT_KERNEL where it names one that this processor can run, else the best.
  public static let current: SIMDKernel = {
    guard let name = ProcessInfo.processInfo.environment["WINIT_KERNEL"],
      let kernel = SIMDKernel(rawValue: name),
      kernel.isAvailable
    else { return best }
    return kernel
  }()

  /// Why $WINIT_KERNEL cannot be followed; nil where it can, or says nothing.
  public static var problem: String? {
    guard let name = ProcessInfo.processInfo.environment["WINIT_KERNEL"], !name.isEmpty else { return nil }
    let names = allCases.filter(\.isAvailable).map(\.rawValue).joined(separator: ", ")
    guard let kernel = SIMDKernel(rawValue: name) else {
      return "WINIT_KERNEL is `\(name)`, which is no kernel (here: \(names))"
    }
    return kernel.isAvailable
      ? nil : "WINIT_KERNEL is \(name), which this processor does not have (here: \(names))"
  }

  /// The C function that fills; nil for scalar.
  var fill: (@convention(c) (UnsafePointer<winit_recipe>?, UInt64, Int, UnsafeMutableRawPointer?) -> Int)? {
    switch self {
    case .scalar: nil
    #if arch(x86_64)
      case .sse2: winit_fill_sse2
      case .avx2: winit_fill_avx2
      case .avx512: winit_fill_avx512
    #elseif arch(arm64)
      case .neon: winit_fill_neon
    #endif
    }
  }

  private var draws: (@convention(c) (winit_law, UInt32, Int, UnsafeMutablePointer<Float>?) -> Int)? {
    switch self {
    case .scalar: nil
    #if arch(x86_64)
      case .sse2: winit_draws_sse2
      case .avx2: winit_draws_avx2
      case .avx512: winit_draws_avx512
    #elseif arch(arm64)
      case .neon: winit_draws_neon
    #endif
    }
  }

  /// The C function of the orthogonal law's inner loop; nil for scalar.
  var update:
    (
      @convention(c) (
        UnsafeMutablePointer<Double>?, Int, UnsafePointer<Double>?, Int, Int, UnsafePointer<Double>?, Int,
        Int, Int, Int32
      ) -> Void
    )?
  {
    switch self {
    case .scalar: nil
    #if arch(x86_64)
      case .sse2: winit_update_sse2
      case .avx2: winit_update_avx2
      case .avx512: winit_update_avx512
    #elseif arch(arm64)
      case .neon: winit_update_neon
    #endif
    }
  }

  /// Writes the draws U (or Q) of the words first, first + 1, … into a buffer, so that tests can try every word.
  package func draw(normal: Bool, from first: UInt32, into buffer: UnsafeMutableBufferPointer<Float>) {
    let done =
      draws.map { $0(normal ? WINIT_NORMAL : WINIT_UNIFORM, first, buffer.count, buffer.baseAddress) } ?? 0
    for i in done..<buffer.count {
      let word = first &+ UInt32(truncatingIfNeeded: i)
      buffer[i] = normal ? UnitDraw.normal(word) : UnitDraw.uniform(word)
    }
  }
}
