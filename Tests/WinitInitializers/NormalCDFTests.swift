import Testing
import WinitInitializers
import WinitTestSupport

@Suite struct NormalCDFTests {
  @Test
  func
    `Φ is that of mpmath, rounded once, at every hundredth in [−10, 10], in the far tails and where it is subnormal`()
    throws
  {
    let rows = try VectorFile.rows("normal-cdf.txt")
    #expect(rows.count > 2001)
    for row in rows {
      #expect(NormalCDF.value(try row.double(0)).bitPattern == (try row.hex(1)), "\(row)")
    }
  }

  @Test func `Φ(−2) is the number in docs/law.md`() { #expect(NormalCDF.value(-2) == 0.02275013194817921) }
}
