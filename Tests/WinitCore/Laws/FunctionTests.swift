import Foundation
import Testing
import WinitCore
import WinitTestSupport

/// The norm of values that are added one at a time and several at a time, in pieces of 0 to 18 values.
private func normInPieces(_ values: ArraySlice<Double>) -> Double {
  var sums = NormSums()
  values.withUnsafeBufferPointer { values in
    var rest = values[...]
    var length = 0
    while let next = rest.popFirst() {
      sums.add(next)
      sums.add(UnsafeBufferPointer(rebasing: rest.prefix(length)))
      rest = rest.dropFirst(length)
      length = (length + 1) % 19
    }
  }
  return sums.norm
}

@Suite struct FunctionTests {
  @Test func `every function has the bits of the vector file, and refuses what is outside its domain`() throws {
    var counts: [String: Int] = [:]
    for row in try VectorFile.rows("functions.txt") {
      counts[row[0], default: 0] += 1
      let result: Double?
      if row[0] == "norm" {
        let n = try Int(row.decimal(1))
        var sums = NormSums()
        for i in 0..<n { sums.add(LawFunctions.log((Double(i) + 0.5) / Double(n))) }
        result = sums.norm
      } else if row[0] == "norm_draws" {
        let words = WordStream(seed: 7, stream: 0)
        var sums = NormSums()
        for i in 0..<(try row.decimal(1)) { sums.add(Double(UnitDraw.normal(words.word(i)))) }
        result = sums.norm
      } else if let operation = UnaryOperation(rawValue: row[0]), row.columns.count == 3 {
        result = operation.value(try row.double(1))
      } else {
        let operation = try #require(BinaryOperation(rawValue: row[0]))
        result = operation.value(try row.double(1), try row.double(2))
      }
      let expected = row.columns.last == "refused" ? nil : try row.double(row.columns.count - 1)
      #expect(result?.bitPattern == expected?.bitPattern, "\(row): \(row.columns)")
    }
    for operation in UnaryOperation.allCases { #expect(counts[operation.rawValue, default: 0] > 20, "\(operation)") }
    for operation in BinaryOperation.allCases { #expect(counts[operation.rawValue, default: 0] > 20, "\(operation)") }
    #expect(counts["norm", default: 0] > 0)
  }

  @Test func `a norm adds values several at a time as it adds them one at a time`() {
    let words = WordStream(seed: 7, stream: 0)
    let draws = (0..<400).map { Double(UnitDraw.normal(words.word($0))) }
    // Many lengths, because the order of the sums rarely changes the last place of a norm.
    for count in 0...draws.count {
      var sums = NormSums()
      for draw in draws.prefix(count) { sums.add(draw) }
      #expect(normInPieces(draws.prefix(count)).bitPattern == sums.norm.bitPattern, "\(count) values")
    }
  }

  @Test func `over a million arguments, every function has the digest that NumPy computes`() throws {
    for row in try VectorFile.rows("functions-sweep.txt") {
      let numbers = row.columns[1..<row.columns.count - 1].compactMap(Double.init)
      var bytes = [UInt64](repeating: 0, count: 1 << 20)
      for i in bytes.indices {
        let u = (Double(i) + 0.5) / Double(1 << 20)
        let x = u * numbers[0] + numbers[1]
        let value =
          numbers.count == 4
          ? BinaryOperation(rawValue: row[0])?.value(x, u * numbers[2] + numbers[3])
          : UnaryOperation(rawValue: row[0])?.value(x)
        bytes[i] = (value ?? .nan).bitPattern.littleEndian
      }
      #expect(bytes.withUnsafeBytes { SHA256Digest(of: $0) }.hex == row.columns.last, "\(row[0])")
    }
  }
}
