import Testing
import WinitCore
import WinitTestSupport

@Suite struct PhiloxTests {
  @Test("gives Random123's published answers")
  func knownAnswers() throws {
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

  @Test("word i of a stream is NumPy's, also beyond 2³² blocks")
  func words() throws {
    for row in try VectorFile.rows("words.txt") {
      let words = WordStream(seed: try row.decimal(0), stream: try row.decimal(1))
      #expect(words.word(try row.decimal(2)) == (try row.hex32(3)), "\(row)")
    }
  }
}
