// The floating-point mode of the law.

import CWinitKernels

/// Runs a computation with the arithmetic of the law, whatever mode the calling thread is in: results are rounded to
/// nearest, ties to even, and subnormal numbers are kept. The mode of the thread is restored afterward.
///
/// A library that was built for speed, or a call such as `torch.set_flush_denormal(True)`, leaves a thread in another
/// mode, in which the same operations give other bits.
package func withLawArithmetic<Result, Failure: Error>(
  _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
  let mode = winit_arithmetic_enter()
  defer { winit_arithmetic_leave(mode) }
  return try body()
}
