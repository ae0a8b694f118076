import Testing
import WinitCore
import WinitInitializers

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
      ("abs(-3) + abs(2)", 5), ("floor(-2.5)", -3), ("-2 * layers", -24), ("2 - -layers", 14), ("-(1 + 2) * 2", -6),
      ("pow(2, 10)", 1024), ("pow(-2, 3)", -8), ("pow(2, -2)", 0.25), ("exp(0)", 1), ("max(-1, -2, -3)", -1),
    ] as [(String, Double)])
  func `arithmetic is binary64 in the order in which it is written`(text: String, expected: Double) throws {
    #expect(try value(text, ["layers": 12], dims: [2, 5, 7]).get() == expected, "\(text)")
  }

  // Computed by mpmath with 40 digits from the binary64 operands, and rounded.
  @Test(
    arguments: [
      ("exp(1)", 2.718281828459045), ("log(0.001)", -6.907755278982137), ("log1p(1e-10)", 9.999999999500001e-11),
      ("expm1(1e-10)", 1.00000000005e-10), ("pow(10000, 0.3)", 15.848931924611133), ("sin(1)", 0.8414709848078965),
      ("cos(100)", 0.8623188722876839), ("tanh(0.5)", 0.46211715726000974),
      ("exp(-(log(2) * 0.5)) - 1", -0.2928932188134525),
    ] as [(String, Double)])
  func `functions have the values of mpmath within 4 units in the last place`(text: String, expected: Double) throws {
    #expect(try abs(value(text).get() - expected) <= 4 * expected.ulp, "\(text)")
  }

  @Test func `the name of a function without a parenthesis is a name, as before there was the function`() throws {
    #expect(try value("exp + index * 2", ["exp": 1, "index": 3]).get() == 7)
  }

  @Test(arguments: ["index[0]", "uniform(0, 1)", "1 + normal(0, 1)"])
  func `a number for each element is no parameter`(text: String) throws {
    let expression = try Expression(parsing: text)
    #expect(throws: Expression.Failure.self) {
      try expression.value({ _ throws(Expression.Failure) in nil }, dims: [2])
    }
  }

  private func element(_ text: String) throws -> (tree: ExpressionTree, draw: Law?) {
    try Expression(parsing: text).element({ $0 == "x" ? 3 : nil }, dims: [2, 5])
  }

  @Test func `the expression of an element keeps its draw and its coordinates, and everything else is a number`() throws
  {
    let (tree, draw) = try element("log(uniform(0, 8 * 2)) * (x + 1) - index[-1] / dim[1]")
    #expect(
      tree
        == .binary(
          .subtract, .binary(.multiply, .unary(.log, .draw), .number(4)),
          .binary(.divide, .index(1), .number(5))))
    #expect(draw == .uniform(half: 8, mid: 8, low: 0, high: 16))
    #expect(try element("min(index[0], 3, x)").tree == .binary(.min, .binary(.min, .index(0), .number(3)), .number(3)))
  }

  @Test func `the same call is the same draw, and two different draws are an error`() throws {
    #expect(try element("normal(0, x - 2) + normal(0, 1)").tree == .binary(.add, .draw, .draw))
    #expect(try element("truncated_normal(0, -1, -2, 2)").draw?.name == "truncated_normal")
    for text in [
      "normal(0, 1) + normal(0, 2)", "uniform(0, 1) + normal(0, 1)", "uniform(0, index[0])", "uniform(1, 0)",
    ] {
      #expect(throws: Expression.Failure.self) { try element(text) }
    }
  }

  @Test(arguments: [
    "", "1 +", "(1", "010", ".5", "1 2", "sqrt(1, 2)", "min(1)", "2 ** 3", "f(1)", "dim[x]", "dim[0", "neg(1)",
    "exp(1, 2)", "pow(2)", "pow(1, 2, 3)", "uniform(1)", "truncated_normal(0, 1)", "index[x]", "log 2", "2 ^ 3",
    String(repeating: "(", count: 500) + "1", String(repeating: "-", count: 500) + "1",
    // Each sign makes the tree one deeper, too.
    String(repeating: "1+", count: 500_000) + "1",
  ])
  func `a text that is not an expression does not parse`(text: String) {
    #expect(throws: Expression.Failure.self) { try Expression(parsing: text) }
  }

  @Test(arguments: [
    "foo", "1 / 0", "sqrt(0 - 1)", "1e308 * 10", "dim[3]", "dim[-4]", "log(0)",
    "log1p(-1)", "sqrt(-1)", "exp(710)", "sin(2000000)", "pow(0, -1)", "pow(-2, 0.5)", "pow(10, 400)", "expm1(800)",
  ])
  func `an expression without a finite value parses and does not evaluate`(text: String) throws {
    let expression = try Expression(parsing: text)
    #expect(throws: Expression.Failure.self) {
      try expression.value({ _ throws(Expression.Failure) in nil }, dims: [2, 5, 7])
    }
  }
}
