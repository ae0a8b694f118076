import Foundation
import Testing
import WinitCore
import WinitTestSupport

@Suite struct DrawTests {
  @Test func `U and Q equal the vector file (made with NumPy) for edge words and 2,000 random words`() throws {
    for row in try VectorFile.rows("draws.txt") {
      let word = try row.hex32(0)
      #expect(UnitDraw.uniform(word).bitPattern == (try row.hex32(1)), "\(row)")
      #expect(UnitDraw.normal(word).bitPattern == (try row.hex32(2)), "\(row)")
    }
  }

  @Test func `Q equals the check of docs/law.md: seed 42, stream 1234567891234, words 0 to 7`() {
    let words = WordStream(seed: 42, stream: 1_234_567_891_234)
    let published: [Float] = [
      0x1.973736p-1, 0x1.d7080cp-5, 0x1.b90b2ep-2, -0x1.3865bcp-7, -0x1.f53cep-5, 0x1.9029d2p-2,
      0x1.b1c02ap+0,
      0x1.b771eep+0,
    ]
    #expect((0..<8).map { UnitDraw.normal(words.word($0)) } == published)
  }

  @Test func `U and Q are antisymmetric, and Q is increasing at the center and at the ends`() {
    for word: UInt32 in [0, 1, 77, 0x7FFF_FFFF, 0x7FFF_FFFE, 0x1234_5678] {
      #expect(UnitDraw.normal(~word) == -UnitDraw.normal(word))
      #expect(UnitDraw.uniform(~word) == -UnitDraw.uniform(word))
    }
    #expect(UnitDraw.normal(0) < -6.3 && UnitDraw.normal(0) > -6.35)
    #expect(UnitDraw.normal(0x7FFF_FFFF) < 0 && UnitDraw.normal(0x8000_0000) > 0)
  }

  @Test func `T equals the vector file (made with NumPy) for seven pairs of cuts`() throws {
    for row in try VectorFile.rows("truncated.txt") {
      let draw = UnitDraw.truncatedNormal(
        try row.hex32(4), alpha: try row.double(2), beta: try row.double(3), low: Float(try row.double(0)),
        high: Float(try row.double(1)))
      #expect(draw.bitPattern == (try row.hex32(5)), "\(row)")
    }
  }

  @Test func `U and Q over every 61st and every 4,099th word have the digests of the vector file`() throws {
    for row in try VectorFile.rows("draws-sweep.txt") {
      let draw = row[0] == "uniform" ? UnitDraw.uniform : UnitDraw.normal
      #expect(sweepDigest(stride: try row.decimal(1), draw: draw).hex == row[2], "\(row)")
    }
  }

  @Test(
    .enabled(
      if: ProcessInfo.processInfo.environment["WINIT_EXHAUSTIVE"] != nil,
      "takes minutes; set WINIT_EXHAUSTIVE=1 to run it"))
  func `U and Q over all 2³² words have the digests of docs/law.md`() {
    #expect(
      sweepDigest(stride: 1, draw: UnitDraw.uniform).hex
        == "1362af35f4b227d3034a5ba6f1f2752529a285c0aee3bbe59425355b3d59e33c")
    #expect(
      sweepDigest(stride: 1, draw: UnitDraw.normal).hex
        == "ff2d31aa7a9ad698ad0848787f256ef58628c8332eb561b2630adb95fa85612a")
  }
}
