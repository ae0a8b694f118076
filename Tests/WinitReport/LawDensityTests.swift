// The densities of laws.

import Testing
import WinitJSON
import WinitReport

@Suite struct LawDensityTests {
  /// Values of mpmath.npdf, for the cut law divided by ncdf(2) − ncdf(−2).
  @Test(arguments: [
    (#"{"law": "normal", "mean": 0.5, "std": 0.25}"#, 0.5, 1.5957691216057308),
    (#"{"law": "normal", "mean": 0.5, "std": 0.25}"#, 1.0, 0.2159638660527522),
    (#"{"law": "uniform", "half": 0.25, "mid": 0, "low": -0.25, "high": 0.25}"#, 0.1, 2.0),
    (#"{"law": "uniform", "half": 0.25, "mid": 0, "low": -0.25, "high": 0.25}"#, 0.3, 0.0),
    (
      #"{"law": "truncated_normal", "alpha": 0.022750131948179207, "beta": 0.9772498680518208, "low": -2, "high": 2, "mean": 1, "std": 0.5}"#,
      1.0, 0.8359191004702691
    ),
    (
      #"{"law": "truncated_normal", "alpha": 0.022750131948179207, "beta": 0.9772498680518208, "low": -2, "high": 2, "mean": 1, "std": 0.5}"#,
      2.01, 0.0
    ),
  ])
  func `the density is that of the distribution`(law: String, x: Double, expected: Double) throws {
    let density = try #require(LawDensity(try JSONValue(parsing: law)))
    #expect(abs(density.density(x) - expected) < 1e-12)
  }

  @Test(arguments: [
    #"{"law": "orthogonal", "gain": 1, "rows": 3}"#, #"{"law": "literal"}"#, #"{"law": "no such law"}"#, "{}", "3",
    #"{"law": "normal", "mean": 0, "std": 0}"#, #"{"law": "normal", "mean": 0, "std": 1e300}"#,
    #"{"law": "uniform", "half": 0, "mid": 0, "low": 0, "high": 0}"#,
  ])
  func `a law without a density has no curve`(law: String) throws {
    #expect(LawDensity(try JSONValue(parsing: law)) == nil)
  }
}
