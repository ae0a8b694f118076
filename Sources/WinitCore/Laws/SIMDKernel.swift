// The choice of the inner loops: the scalar definition, or a C kernel for an instruction set of the processor.

package import CWinitKernels
import Foundation
import WinitJSON

/// An implementation of the inner loops of a fill. All implementations give the same bits; they differ only in speed.
package enum SIMDKernel: String, Sendable, CaseIterable {
  /// Swift code that fills one element at a time. This is the definition, with which the tests compare the others.
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

  /// True if this processor can run the kernel.
  package var isAvailable: Bool { number.map { winit_kernel_is_available($0) != 0 } ?? true }

  /// The kernel with the widest vectors that this processor can run.
  package static let best = allCases.last { $0.isAvailable } ?? .scalar

  /// The kernel in use: the one that $WINIT_KERNEL names, if this processor can run it, and otherwise `best`.
  package static let current: SIMDKernel = {
    guard let name = environmentVariable("WINIT_KERNEL"),
      let kernel = SIMDKernel(rawValue: name),
      kernel.isAvailable
    else { return best }
    return kernel
  }()

  /// The reason why the value of $WINIT_KERNEL is not usable, or nil if it is usable or not set.
  package static var problem: String? {
    guard let name = environmentVariable("WINIT_KERNEL"), !name.isEmpty else { return nil }
    let names = allCases.filter(\.isAvailable).map(\.rawValue).joined(separator: ", ")
    guard let kernel = SIMDKernel(rawValue: name) else {
      return "WINIT_KERNEL is \(quoted: name), but must name a kernel that this processor runs: \(names)"
    }
    return kernel.isAvailable
      ? nil : "WINIT_KERNEL is \(name), which this processor does not have (here: \(names))"
  }

  /// The number of the kernel in C, or nil for `scalar`.
  package var number: winit_kernel? {
    switch self {
    case .scalar: nil
    #if arch(x86_64)
      case .sse2: WINIT_KERNEL_SSE2
      case .avx2: WINIT_KERNEL_AVX2
      case .avx512: WINIT_KERNEL_AVX512
    #elseif arch(arm64)
      case .neon: WINIT_KERNEL_NEON
    #endif
    }
  }

  /// The number of the kernel with the narrowest vectors.
  package static var narrowest: winit_kernel {
    #if arch(x86_64)
      WINIT_KERNEL_SSE2
    #else
      WINIT_KERNEL_NEON
    #endif
  }

  /// The C function that computes unit draws, or nil for `scalar`.
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

  /// Fills a buffer with the draws Q (or U) of the words first, first + 1, …, so that tests can try every word.
  package func draw(normal: Bool, from first: UInt32, into buffer: UnsafeMutableBufferPointer<Float>) {
    let done =
      draws.map { $0(normal ? WINIT_NORMAL : WINIT_UNIFORM, first, buffer.count, buffer.baseAddress) } ?? 0
    for i in done..<buffer.count {
      let word = first &+ UInt32(truncatingIfNeeded: i)
      buffer[i] = normal ? UnitDraw.normal(word) : UnitDraw.uniform(word)
    }
  }
}
