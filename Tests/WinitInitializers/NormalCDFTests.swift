import Testing
import WinitInitializers
import WinitTestSupport

@Suite struct NormalCDFTests {
  @Test("Φ is mpmath's, rounded once: every hundredth in [−10, 10], the far tails, subnormals")
  func vectors() throws {
    let rows = try VectorFile.rows("normal-cdf.txt")
    #expect(rows.count > 2001)
    for row in rows {
      #expect(NormalCDF.value(try row.double(0)).bitPattern == (try row.hex(1)), "\(row)")
    }
  }

  @Test("Φ(−2) is the number on the law's page")
  func lawPage() { #expect(NormalCDF.value(-2) == 0.02275013194817921) }
}
