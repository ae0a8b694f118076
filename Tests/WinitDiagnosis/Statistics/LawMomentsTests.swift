// The moments that laws promise.

import Testing
import WinitCore
import WinitDiagnosis
import WinitInitializers

@Suite struct LawMomentsTests {
  @Test func `a truncated normal promises the moments of the cut density`() throws {
    for vector in try StatisticsVector.all("law-moments.txt") {
      let (low, high) = (try #require(vector.number("low")), try #require(vector.number("high")))
      let law = Law.truncatedNormal(alpha: 0, beta: 1, low: Float(low), high: Float(high), mean: 3, std: 0.5)
      let moments = try #require(LawMoments(law, shape: Shape([2])))
      let (mean, std) = (try #require(vector.number("mean")), try #require(vector.number("std")))
      #expect(abs(moments.mean - (3 + 0.5 * mean)) < 1e-12, vector.comment)
      #expect(abs(moments.std / (0.5 * std) - 1) < 1e-11, vector.comment)
      #expect(abs(moments.third / (moments.variance * moments.std) - (vector.number("skewness") ?? .nan)) < 1e-8)
      #expect(abs((moments.kurtosis ?? .nan) - (vector.number("kurtosis") ?? .nan)) < 1e-8, vector.comment)
    }
  }

  @Test func `std and kurtosis of the simple laws`() throws {
    let shape = try Shape([100, 50])
    let normal = try #require(LawMoments(.normal(mean: 0.25, std: -0.5), shape: shape))
    #expect(normal.mean == 0.25 && normal.std == 0.5 && normal.kurtosis == 3)
    let uniform = try #require(LawMoments(.uniform(half: 3, mid: 1, low: -2, high: 4), shape: shape))
    #expect(uniform.mean == 1 && abs(uniform.std - 3.0.squareRoot()) < 1e-15)
    #expect(abs((uniform.kurtosis ?? .nan) - 1.8) < 1e-14)
    let constant = try #require(LawMoments(.constant(value: 2), shape: shape))
    #expect(constant.mean == 2 && constant.std == 0 && constant.kurtosis == nil)
    #expect(constant.z(std: 1, count: 10) == nil)
    #expect(LawMoments(.literal, shape: shape) == nil)
  }

  // σ·√((κ − 1)/4n) with σ = 0.5, n = 5,000: normal 0.5·√(2/20000) = 0.005, uniform √3·√(0.8/20000).
  @Test func `the distance is counted in standard errors of the std`() throws {
    let normal = try #require(LawMoments(.normal(mean: 0, std: 0.5), shape: Shape([5000])))
    #expect(abs((normal.standardErrorOfStd(count: 5000) ?? .nan) - 0.005) < 1e-15)
    #expect(abs((normal.z(std: 0.51, count: 5000) ?? .nan) - 2) < 1e-10)
    let uniform = try #require(LawMoments(.uniform(half: 3, mid: 0, low: -3, high: 3), shape: Shape([5000])))
    #expect(abs((uniform.standardErrorOfStd(count: 5000) ?? .nan) - (3.0 * 0.8 / 20000).squareRoot()) < 1e-15)
  }

  /// The law with the shape of a tensor of 30,000 elements or more that it fills.
  static let filled: [(Law, [Int])] = [
    (.normal(mean: 0.5, std: 2), [200, 300]), (.uniform(half: 1, mid: 0, low: -1, high: 1), [200, 300]),
    (.orthogonal(gain: 1.5, rows: 200), [200, 300]), (.orthogonal(gain: 1, rows: 300), [20, 15, 100]),
    (.orthogonal(gain: 2, rows: 1), [30000]), (.deltaOrthogonal(gain: 1, layout: .torch), [120, 80, 3, 3]),
    (.deltaOrthogonal(gain: 1, layout: .keras), [3, 80, 120]), (.sparse(std: 0.5, zeros: 150), [200, 300]),
    (.eye(value: 2), [30, 50]), (.dirac(groups: 2, layout: .torch), [12, 4, 3]),
    (.dirac(groups: 1, layout: .keras), [3, 4, 12]),
    (.batched(.orthogonal(gain: 1, rows: 80), axes: [0]), [5, 80, 100]),
    (.batched(.eye(value: 1), axes: [1]), [9, 4, 9]),
  ]

  @Test(arguments: filled.indices)
  func `the tensors that a law fills have the std that it promises`(index: Int) throws {
    let (law, dims) = LawMomentsTests.filled[index]
    let shape = try Shape(dims)
    let found = try statistics(law, shape)
    let promised = try #require(LawMoments(law, shape: shape))
    let error = promised.standardErrorOfStd(count: shape.elementCount) ?? 1e-7 * promised.std
    #expect(abs(found.std - promised.std) < 4 * error)
    #expect(abs((found.mean ?? .nan) - promised.mean) <= 4 * promised.std / Double(shape.elementCount).squareRoot())
    #expect(abs((found.kurtosis ?? .nan) / (promised.kurtosis ?? .nan) - 1) < 0.05)
  }

  @Test func `parts promise the std of their mixture, and each its own chance`() throws {
    let shape = try Shape([600, 100])
    let parts = [
      LawPart(box: [], of: shape, law: .normal(mean: 0, std: 1)),
      LawPart(box: [0..<300], of: shape, law: .normal(mean: 0, std: 3)),
      LawPart(box: [200..<400, 0..<50], of: shape, law: .constant(value: 5)),
    ]
    // Of 60,000 elements, 10,000 are 5, 25,000 have the std 3, and 25,000 the std 1.
    let promised = try #require(LawMoments(.parts(parts), shape: shape))
    let mean = 5.0 / 6
    let square: Double = 500_000 / 60_000
    #expect(abs(promised.mean - mean) < 1e-12)
    #expect(abs(promised.variance - (square - mean * mean)) < 1e-12)
    let found = try statistics(.parts(parts), shape)
    let error = try #require(promised.standardErrorOfStd(count: shape.elementCount))
    #expect(abs(found.std - promised.std) < 4 * error)
    #expect(abs((found.kurtosis ?? .nan) / (promised.kurtosis ?? .nan) - 1) < 0.05)
    // (x − m)² has the variance 2σ⁴ + 4σ²m² under Normal(m, σ²), and none for a constant.
    let (wide, narrow): (Double, Double) = (2 * 81 + 4 * 9 * mean * mean, 2 + 4 * mean * mean)
    let chance = (wide + narrow) * 25_000 / 60_000
    #expect(abs(promised.chance - chance) < 1e-10)
  }

  @Test func `parts with a literal or an expression promise nothing`() throws {
    let shape = try Shape([4, 4])
    let parts = [
      LawPart(box: [], of: shape, law: .normal(mean: 0, std: 1)), .init(box: [0..<1], of: shape, law: .literal),
    ]
    #expect(LawMoments(.parts(parts), shape: shape) == nil)
    // A part that is covered as a whole says nothing.
    let covered = [
      LawPart(box: [], of: shape, law: .literal), LawPart(box: [], of: shape, law: .normal(mean: 0, std: 1)),
    ]
    #expect(LawMoments(.parts(covered), shape: shape)?.std == 1)
  }

  @Test func `a tensor has the fans of its source, or none`() throws {
    let shape = try Shape([64, 32, 3, 3])
    #expect(FanSource.layout(.torch).effectiveFans(of: shape) == Fans(fanIn: 288, fanOut: 576))
    #expect(try FanSource.layout(.torch).effectiveFans(of: Shape([64])) == nil)
    #expect(try FanSource.layout(.torch).effectiveFans(of: Shape([64, 0])) == nil)
    #expect(FanSource.axes(FanAxes(input: [7], output: [0])).effectiveFans(of: shape) == nil)
  }

  private func statistics(_ law: Law, _ shape: Shape) throws -> TensorStatistics {
    let recipe = try Recipe(seed: 3, stream: 4, dtype: .float32, shape: shape, law: law)
    return try recipe.bytes(0..<shape.elementCount).withUnsafeBytes {
      TensorStatistics(of: $0, shape: shape, dtype: .float32, fanSource: .layout(.torch))
    }
  }
}
