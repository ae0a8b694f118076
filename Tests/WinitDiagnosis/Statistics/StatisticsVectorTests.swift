// The statistics of tensors against exact sums, and against NumPy's histograms.

import Testing
import WinitCore
import WinitDiagnosis
import WinitInitializers
import WinitJSON
import WinitTestSupport

@Suite struct StatisticsVectorTests {
  @Test func `mean, std, skewness and kurtosis are those of exact sums`() throws {
    for vector in try StatisticsVector.all("statistics.txt") {
      let found = try vector.statistics()
      let (mean, std) = (vector.number("mean"), vector.number("std"))
      #expect((found.mean == nil) == (mean == nil), vector.comment)
      guard let foundMean = found.mean, let mean, let std else { continue }
      #expect(abs(foundMean - mean) <= max(1e-6 * std, 1e-15 * abs(mean)), vector.comment)
      #expect(abs(found.std - std) <= 1e-6 * std, vector.comment)
      #expect(agrees(found.skewness, vector.number("skewness"), 1e-5), vector.comment)
      #expect(agrees(found.kurtosis, vector.number("kurtosis"), 1e-5), vector.comment)
    }
  }

  @Test func `counts, the smallest and the largest element are exact`() throws {
    for vector in try StatisticsVector.all("statistics.txt") {
      let found = try vector.statistics()
      #expect(found.count == vector.integer("count"), vector.comment)
      #expect(found.zeros == vector.integer("zeros"), vector.comment)
      #expect(found.nan == vector.integer("nan"), vector.comment)
      #expect(found.infinite == vector.integer("infinite"), vector.comment)
      #expect(found.minimum == vector.number("min"), vector.comment)
      #expect(found.maximum == vector.number("max"), vector.comment)
    }
  }

  @Test func `the histogram is NumPy's, but for one part in forty of an interval at each border`() throws {
    var compared = 0
    for vector in try StatisticsVector.all("statistics.txt") {
      guard let expected = vector.json["histogram"]?.arrayValue?.compactMap(\.integerValue) else { continue }
      let histogram = try #require(try vector.statistics().histogram)
      #expect(histogram.low == vector.number("min") && histogram.high == vector.number("max"), vector.comment)
      #expect(histogram.counts.count == 48 && histogram.counts.reduce(0, +) == vector.integer("count"), vector.comment)
      var (found, sum) = (0, 0)
      for i in 0..<47 {
        found += histogram.counts[i]
        sum += expected[i]
        let nearby = max(expected[i], expected[i + 1])
        #expect(abs(found - sum) <= nearby / 20 + 3, "border \(i), \(vector.json.compact)")
      }
      compared += 1
    }
    #expect(compared > 10)
  }

  private func agrees(_ found: Double?, _ expected: Double?, _ tolerance: Double) -> Bool {
    guard let found, let expected else { return found == nil && expected == nil }
    return abs(found - expected) <= tolerance
  }
}

/// A tensor of a vector file.
struct StatisticsVector {
  let json: JSONValue

  static func all(_ file: String) throws -> [StatisticsVector] {
    let lines = try VectorFile.text(file).split(separator: "\n").filter { !$0.hasPrefix("#") }
    try #require(!lines.isEmpty)
    return try lines.map { StatisticsVector(json: try JSONValue(parsing: String($0))) }
  }

  var comment: Comment { Comment(rawValue: json.compact) }

  func number(_ key: String) -> Double? { json[key]?.numberValue }
  func integer(_ key: String) -> Int { json[key]?.integerValue ?? -1 }

  func shape() throws -> Shape { try Shape((json["shape"]?.arrayValue ?? []).compactMap(\.integerValue)) }

  /// Returns the elements, filled or given.
  func bytes(_ dtype: DType) throws -> [UInt8] {
    if let text = json["bytes"]?.stringValue {
      return stride(from: 0, to: text.utf8.count, by: 2).map { UInt8(text.dropFirst($0).prefix(2), radix: 16) ?? 0 }
    }
    let recipe = try Recipe(
      seed: #require(json["seed"]?.stringValue.flatMap { UInt64($0) }),
      stream: TensorName(json["name"]?.stringValue ?? "").stream, dtype: dtype, shape: shape(),
      law: #require(json["law"].flatMap(Law.init(json:))))
    return try recipe.bytes(0..<recipe.shape.elementCount)
  }

  func statistics() throws -> TensorStatistics {
    let dtype = try #require(DType(rawValue: json["dtype"]?.stringValue ?? ""))
    let (shape, bytes) = (try shape(), try bytes(dtype))
    return bytes.withUnsafeBytes {
      TensorStatistics(of: $0, shape: shape, dtype: dtype, fanSource: .layout(.torch))
    }
  }
}
