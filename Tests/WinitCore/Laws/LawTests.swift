import Testing
import WinitCore

@Suite struct LawTests {
  @Test func `parameters are rounded once from binary64, and −0 becomes +0`() throws {
    #expect(try Law.normal(roundingMean: -0.0, std: 0.02) == .normal(mean: 0, std: 0.02 as Float))
    guard case .normal(let mean, _) = try Law.normal(roundingMean: -0.0, std: 1) else {
      Issue.record(); return
    }
    #expect(mean.sign == .plus)
    // half and mid are computed from the bounds before the bounds are rounded.
    let law = try Law.uniform(roundingLow: -0.1, high: 0.3)
    #expect(
      law
        == .uniform(
          half: Float(0.4 / 2), mid: Float((-0.1 + 0.3) / 2), low: -0.1 as Float, high: 0.3 as Float))
    #expect(try Law.normal(roundingMean: 1, std: 0) == .normal(mean: 1, std: 0))
  }

  @Test func `invalid parameters are refused, and the error names the parameter`() {
    #expect(throws: LawError.underflow("std", 1e-60)) { try Law.normal(roundingMean: 0, std: 1e-60) }
    #expect(throws: LawError.negative("std", -1)) { try Law.sparse(roundingStd: -1, zeros: 0) }
    #expect(throws: LawError.underflow("std", -1e-60)) { try Law.normal(roundingMean: 0, std: -1e-60) }
    #expect(throws: LawError.notFinite("mean", 1e60)) { try Law.normal(roundingMean: 1e60, std: 1) }
    let error = #expect(throws: LawError.self) { try Law.normal(roundingMean: .nan, std: 1) }
    guard case .notFinite("mean", _) = error else { Issue.record("\(String(describing: error))"); return }
    #expect(throws: LawError.emptyRange(low: 1, high: 1)) { try Law.uniform(roundingLow: 1, high: 1) }
    #expect(throws: LawError.emptyRange(low: 1, high: 1 + 1e-12)) {
      try Law.uniform(roundingLow: 1, high: 1 + 1e-12)
    }
    #expect(throws: LawError.cutsTooFar(low: 5.5, high: 7)) {
      try Law.truncatedNormal(roundingMean: 0, std: 1, low: 5.5, high: 7, alpha: 1, beta: 1)
    }
    #expect(throws: LawError.notRepresentable(1.5, .int64)) { try Law.constant(rounding: 1.5, as: .int64) }
    #expect(throws: LawError.notRepresentable(256, .uint8)) { try Law.constant(rounding: 256, as: .uint8) }
    #expect(throws: LawError.notRepresentable(2, .bool)) { try Law.constant(rounding: 2, as: .bool) }
    #expect(throws: LawError.notRepresentable(-1, .uint64)) { try Law.constant(rounding: -1, as: .uint64) }
    #expect(throws: LawError.notRepresentable(0x1p54, .int64)) {
      try Law.constant(rounding: 0x1p54, as: .int64)
    }
  }

  @Test
  func `a law must fit the dtype: a random law needs a floating-point dtype, and no value can be infinite`() throws {
    let normal = Law.normal(mean: 0, std: 1)
    #expect(throws: LawError.needsFloatingPoint("normal", .int32)) { try normal.check(.int32) }
    try Law.normal(mean: 0, std: 10_317).check(.float16)  // 6.35 × 10317 = 65512.95, which is below 65520
    #expect(throws: LawError.overflow(6.35 * 10_319, .float16)) {
      try Law.normal(mean: 0, std: 10_319).check(.float16)
    }
    #expect(throws: LawError.overflow(100 + 6.35 * 10_317, .float16)) {
      try Law.normal(mean: 100, std: 10_317).check(.float16)
    }
    try Law.constant(value: 65519).check(.float16)
    #expect(throws: LawError.overflow(65520, .float16)) { try Law.constant(value: 65520).check(.float16) }
    #expect(throws: LawError.overflow(70_000, .float16)) {
      try Law.uniform(half: 70_000, mid: 0, low: -70_000, high: 70_000).check(.float16)
    }
    try Law.uniform(half: 70_000, mid: 0, low: -70_000, high: 70_000).check(.bfloat16)
    #expect(throws: LawError.overflow(6.35 * Double(1e38 as Float), .float64)) {
      try Law.normal(mean: 0, std: 1e38).check(.float64)
    }
  }

  @Test func `a law must fit the shape: each structured law requires a rank and sizes`() throws {
    func expectWrongShape(_ name: String, _ law: Law, _ dims: [Int]) throws {
      let shape = try Shape(dims)
      let error = #expect(throws: LawError.self) { try law.check(.float32, shape) }
      guard case .wrongShape(name, shape, needs: _) = error else {
        Issue.record("\(name) \(shape): \(String(describing: error))")
        return
      }
    }
    try expectWrongShape("eye", .eye(value: 1), [3])
    try expectWrongShape("dirac", .dirac(groups: 1, layout: .torch), [3, 3])
    try expectWrongShape("dirac", .dirac(groups: 2, layout: .torch), [3, 3, 1])
    try expectWrongShape("orthogonal", .orthogonal(gain: 1, rows: 3), [3])
    try expectWrongShape("orthogonal", .orthogonal(gain: 1, rows: 4), [3, 3])
    try expectWrongShape("orthogonal", .orthogonal(gain: 1, rows: 1 << 17), [1 << 17, 1 << 16])
    try expectWrongShape("delta_orthogonal", .deltaOrthogonal(gain: 1, layout: .keras), [3, 4, 2])
    try expectWrongShape("sparse", .sparse(std: 1, zeros: 4), [3, 4])
    try expectWrongShape("sparse", .sparse(std: 1, zeros: 1), [3])
    try Law.deltaOrthogonal(gain: 1, layout: .keras).check(.float32, Shape([3, 2, 4]))
  }

  @Test func `the parts of a tensor must be inside it, have laws of their own, and begin with the whole tensor`() throws
  {
    let shape = try Shape([4, 3])
    func part(_ box: [Range<Int>], _ law: Law = .constant(value: 1)) -> LawPart {
      LawPart(box: box, of: shape, law: law)
    }
    func check(_ parts: [LawPart]) throws { try Law.parts(parts).check(.float32, shape) }
    try check([part([0..<4, 0..<3]), part([1..<2])])
    #expect(throws: LawError.firstPartNotWhole) { try check([]) }
    #expect(throws: LawError.firstPartNotWhole) { try check([part([0..<3])]) }
    #expect(throws: LawError.notInPart(1, law: "parts")) { try check([part([]), part([], .parts([part([])]))]) }
    #expect(throws: LawError.notInPart(1, law: "norm_of")) {
      try check([part([]), part([], .normOf("w", axes: [0]))])
    }
    try check([part([]), part([1..<3], .eye(value: 1))])
    #expect(throws: LawError.partOutside(1, shape)) { try check([part([]), part([3..<5])]) }
    #expect(throws: LawError.partOutside(2, shape)) {
      try check([part([]), part([]), part([0..<1, 0..<1, 0..<1])])
    }
  }

  @Test func `a law is only read from a record with exactly its parameters, which must be representable`() {
    for law in [
      Law.constant(value: 3), .uniform(half: 1, mid: 0, low: -1, high: 1), .normal(mean: 0, std: 0.02),
      .truncatedNormal(alpha: 0.1, beta: 0.9, low: -2, high: 2, mean: 0, std: 1),
    ] {
      let parameters = Dictionary(uniqueKeysWithValues: law.parameters.map { ($0.name, $0.value) })
      #expect(Law(name: law.name, parameters: parameters) == law)
      #expect(Law(name: law.name, parameters: parameters.merging(["extra": 1]) { $1 }) == nil)
      #expect(Law(name: law.name, parameters: [:]) == nil)
    }
    #expect(Law(name: "normal", parameters: ["mean": 0, "std": 0.02]) == nil)
    #expect(Law(name: "cauchy", parameters: [:]) == nil)
  }
}
