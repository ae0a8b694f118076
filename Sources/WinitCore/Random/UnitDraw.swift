// The unit draws: functions from one word to one number. This is docs/law.md, "Unit draws", in Swift; read it beside
// that page. Each operation rounds once, in the order written: Swift neither fuses nor reassociates operations.

/// The unit draws of the law, each a pure function of one 32-bit word.
package enum UnitDraw {
  /// Returns U(w), which is uniform on (−1, 1): an odd multiple of 2⁻²⁴, computed exactly. It is never 0 or ±1, and
  /// U(~w) = −U(w).
  package static func uniform(_ word: UInt32) -> Float {
    (Float(Int32(bitPattern: word) >> 8) + 0.5) * 0x1p-23
  }

  /// Returns Q(w), which is standard normal: the quantile at (w + ½)/2³². Q(~w) = −Q(w).
  package static func normal(_ word: UInt32) -> Float {
    let top = Int32(bitPattern: word) >> 31
    let m = Int32(bitPattern: word) ^ top
    let q = m ^ 0x7FFF_FFFF
    let p = (Float(m) + 0.5) * 0x1p-32
    let x = (Float(q) + 0.5) * 0x1p-31
    let magnitude = quantileCore(p, x)
    return top == 0 ? -magnitude : magnitude
  }

  /// Returns T(w), which is standard normal cut to [low, high]: the quantile at α + (β − α)·(w + ½)/2³², clipped to the
  /// cuts.
  ///
  /// - Parameters:
  ///   - word: the word w.
  ///   - alpha: Φ(low), where Φ is the normal distribution function.
  ///   - beta: Φ(high).
  ///   - low: the lower cut, in standard deviations.
  ///   - high: the upper cut, in standard deviations.
  package static func truncatedNormal(
    _ word: UInt32, alpha: Double, beta: Double, low: Float, high: Float
  ) -> Float {
    let u = alpha + (beta - alpha) * ((Double(word) + 0.5) * 0x1p-32)
    let lower = u < 0.5
    let tail = lower ? u : 1 - u
    let magnitude = quantileCore(Float(tail), Float(1 - 2 * tail))
    let z = lower ? -magnitude : magnitude
    return min(max(z, low), high)
  }

  /// Returns C(p, x), the magnitude of the standard normal quantile at the tail probability p in (0, ½].
  ///
  /// The caller also passes x = 1 − 2p, because subtracting here would lose precision near the center. The quantile is
  /// x times a rational function of −ln(4p(1 − p)). It is at most 6 ulp from the true quantile over all 2³¹ tails.
  package static func quantileCore(_ p: Float, _ x: Float) -> Float {
    let v = (p * 4) * (1 - p)
    // −ln v: find e and t with v = 2^e × (1 + t), then evaluate a polynomial in t, its coefficients in pairs.
    let bits = Int32(bitPattern: v.bitPattern)
    let e = (bits &- 0x3F35_04F3) >> 23
    let t = Float(bitPattern: UInt32(bitPattern: bits &- (e << 23))) - 1
    let t2 = t * t
    let t4 = t2 * t2
    let a7 = 0x1.4c3d08p-3 + t * -0x1.9dfa6ep-4 as Float
    let a5 = 0x1.978e2ep-3 + t * -0x1.614c08p-3 as Float
    let a3 = 0x1.5559dcp-2 + t * -0x1.ff623cp-3 as Float
    let a1 = 0x1.fffffep-1 + t * -0x1.00007ap-1 as Float
    let logPolynomial = ((a7 * t2 + a5) * t4) + (a3 * t2 + a1)
    let l = -(Float(e) * 0x1.62e430p-1 + t * logPolynomial)
    let l2 = l * l
    let l4 = l2 * l2
    let n5 = 0x1.2a9942p-10 + l * 0x1.f2dd96p-15 as Float
    let n3 = 0x1.74d8a6p-4 + l * 0x1.9a906cp-7 as Float
    let n1 = 0x1.40d932p+0 + l * 0x1.ca3758p-2 as Float
    let numerator = (n5 + 0x1.9cd394p-23 * l2) * l4 + (n3 * l2 + n1)
    let d5 = 0x1.04eebcp-12 + l * 0x1.f7a9a8p-19 as Float
    let d3 = 0x1.1bfb62p-5 + l * 0x1.2f2db8p-9 as Float
    let d1 = 1 + l * 0x1.86153ep-4 as Float
    let denominator = d5 * l4 + (d3 * l2 + d1)
    return x * (numerator / denominator)
  }
}
