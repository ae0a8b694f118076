import Testing
import WinitCore
import WinitTestSupport

@Suite struct PhiloxTests {
  @Test func `a block equals the known answers published with Random123`() throws {
    let rows = try VectorFile.rows("philox4x32-10.kat")
    #expect(rows.count == 3)
    for row in rows {
      let counter = SIMD4(try (0..<4).map { try row.hex32($0) })
      let key = SIMD2(try (4..<6).map { try row.hex32($0) })
      #expect(
        Philox4x32.block(counter: counter, key: key) == SIMD4(try (6..<10).map { try row.hex32($0) }),
        "\(row)")
    }
  }

  @Test func `word i of a stream equals the vector file (made with NumPy), also beyond 2³² blocks`() throws {
    for row in try VectorFile.rows("words.txt") {
      let words = WordStream(seed: try row.decimal(0), stream: try row.decimal(1))
      #expect(words.word(try row.decimal(2)) == (try row.hex32(3)), "\(row)")
    }
  }
}
