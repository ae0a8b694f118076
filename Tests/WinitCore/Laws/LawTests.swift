import Testing
import WinitCore

@Suite struct LawTests {
  @Test("parameters are rounded once from binary64, and minus zero becomes plus zero")
  func rounding() throws {
    #expect(try Law.normal(roundingMean: -0.0, std: 0.02) == .normal(mean: 0, std: 0.02 as Float))
    guard case .normal(let mean, _) = try Law.normal(roundingMean: -0.0, std: 1) else {
      Issue.record(); return
    }
    #expect(mean.sign == .plus)
    // half and mid come from the bounds before these are rounded.
    let law = try Law.uniform(roundingLow: -0.1, high: 0.3)
    #expect(
      law
        == .uniform(
          half: Float(0.4 / 2), mid: Float((-0.1 + 0.3) / 2), low: -0.1 as Float, high: 0.3 as Float))
    #expect(try Law.normal(roundingMean: 1, std: 0) == .normal(mean: 1, std: 0))
  }

  @Test("numbers that are no law are refused by name")
  func refused() {
    #expect(throws: LawError.underflow("std", 1e-60)) { try Law.normal(roundingMean: 0, std: 1e-60) }
    #expect(throws: LawError.negative("std", -1)) { try Law.normal(roundingMean: 0, std: -1) }
    #expect(throws: LawError.notFinite("mean", 1e60)) { try Law.normal(roundingMean: 1e60, std: 1) }
    #expect(throws: LawError.self) { try Law.normal(roundingMean: .nan, std: 1) }
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

  @Test("a law must fit the dtype: random ones need floating point, and no value may become infinite")
  func fits() throws {
    let normal = Law.normal(mean: 0, std: 1)
    #expect(throws: LawError.needsFloatingPoint("normal", .int32)) { try normal.check(.int32) }
    try Law.normal(mean: 0, std: 10_317).check(.float16)  // 6.35 × 10317 = 65512.95, below 65520
    #expect(throws: LawError.self) { try Law.normal(mean: 0, std: 10_319).check(.float16) }
    #expect(throws: LawError.self) { try Law.normal(mean: 0, std: 10_317).replacingMean(100).check(.float16) }
    try Law.constant(value: 65519).check(.float16)
    #expect(throws: LawError.self) { try Law.constant(value: 65520).check(.float16) }
    #expect(throws: LawError.self) {
      try Law.uniform(half: 70_000, mid: 0, low: -70_000, high: 70_000).check(.float16)
    }
    try Law.uniform(half: 70_000, mid: 0, low: -70_000, high: 70_000).check(.bfloat16)
    #expect(throws: LawError.self) { try Law.normal(mean: 0, std: 1e38).check(.float64) }
  }

  @Test("a law read from a record has exactly its parameters, in binary32 where they are")
  func records() {
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

extension Law {
  fileprivate func replacingMean(_ mean: Float) -> Law {
    if case .normal(_, let std) = self { .normal(mean: mean, std: std) } else { self }
  }
}
