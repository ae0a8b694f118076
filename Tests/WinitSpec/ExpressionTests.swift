import Testing
import WinitSpec

private func value(_ text: String, _ names: [String: Double] = [:], dims: [Int] = []) -> Result<
  Double, Expression.Failure
> {
  do throws(Expression.Failure) {
    return .success(try Expression(parsing: text).value({ name in names[name] }, dims: dims))
  } catch { return .failure(error) }
}

@Suite struct ExpressionTests {
  // Computed by Python, whose arithmetic has the same precedence and the same binary64.
  @Test(
    arguments: [
      ("0.02 / sqrt(2 * layers)", 0.004082482904638631), ("1 - 2 - 3", -4), ("8 / 4 / 2", 1),
      ("2 + 3 * 4", 14),
      ("(2 + 3) * 4", 20), ("-2 * -(1 + 2)", 6), ("0.1 + 0.2 + 0.3", 0.6000000000000001),
      ("0.1 + (0.2 + 0.3)", 0.6), ("min(3, 1, 2)", 1), ("max(1, sqrt(9))", 3), ("1e-3 * 2E+2", 0.2),
      ("dim[0] * dim[-1]", 14), ("sqrt(5)", 2.23606797749979), ("layers", 12), ("1 / (1 / 3)", 3),
    ] as [(String, Double)])
  func `arithmetic is binary64 in the order in which it is written`(text: String, expected: Double) throws {
    #expect(try value(text, ["layers": 12], dims: [2, 5, 7]).get() == expected, "\(text)")
  }

  @Test(arguments: [
    "", "1 +", "(1", "010", ".5", "1 2", "sqrt(1, 2)", "min(1)", "2 ** 3", "f(1)", "dim[x]", "dim[0",
    String(repeating: "(", count: 500) + "1", String(repeating: "-", count: 500) + "1",
    // Each sign makes the tree one deeper, too.
    String(repeating: "1+", count: 500_000) + "1",
  ])
  func `a text that is not an expression does not parse`(text: String) {
    #expect(throws: Expression.Failure.self) { try Expression(parsing: text) }
  }

  @Test(arguments: ["foo", "1 / 0", "sqrt(0 - 1)", "1e308 * 10", "dim[3]", "dim[-4]"])
  func `an expression without a finite value parses and does not evaluate`(text: String) throws {
    let expression = try Expression(parsing: text)
    #expect(throws: Expression.Failure.self) {
      try expression.value({ _ throws(Expression.Failure) in nil }, dims: [2, 5, 7])
    }
  }

  @Test(
    arguments: [
      ("layers.{i}.w", "layers.11.w", ["i": "11"]), ("{prefix}.bias", "a.b.bias", ["prefix": "a.b"]),
      ("{a}.{b}", "x.y.z", ["a": "x", "b": "y.z"]), ("*h.{i}.*", "t.h.3.attn.w", ["i": "3"]),
      ("?{a}*", "abc", ["a": "b"]), ("*.{k}", "a.b.c", ["k": "b.c"]),
      ("{a}{b}", "xyz", ["a": "x", "b": "yz"]),
      ("*", "anything", [:]), ("{}", "{}", [:]), ("{1}", "{1}", [:]),
    ] as [(String, String, [String: String])])
  func `a capture takes as few characters as the match allows, the first capture first`(
    pattern: String, name: String, expected: [String: String]
  ) {
    #expect(Glob(pattern).captured(name) == expected)
  }

  @Test func `the time for a long name grows with its length, not with the square, for any pattern`() {
    let name = String(repeating: "a", count: 200_000)
    for pattern in ["{x}{y}{z}b", "*a*a*a*b", "{x}a{y}a*?b"] { #expect(Glob(pattern).captured(name) == nil) }
    #expect(Glob("{x}{y}*").captured(name)?["y"] == "a")
  }

  @Test(arguments: [
    ("layers.{i}.w", "layers..w"), ("{a}.b", ".b"), ("a?c", "ac"),
    (
      String(repeating: "*a{x}", count: 1) + String(repeating: "*a", count: 200),
      String(repeating: "a", count: 2000) + "b"
    ),
  ])
  func `a pattern that does not match captures nothing, and takes little time`(pattern: String, name: String) {
    #expect(Glob(pattern).captured(name) == nil)
  }
}
