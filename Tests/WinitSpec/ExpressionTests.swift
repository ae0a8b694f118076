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
    "arithmetic is binary64 in the written order",
    arguments: [
      ("0.02 / sqrt(2 * layers)", 0.004082482904638631), ("1 - 2 - 3", -4), ("8 / 4 / 2", 1),
      ("2 + 3 * 4", 14),
      ("(2 + 3) * 4", 20), ("-2 * -(1 + 2)", 6), ("0.1 + 0.2 + 0.3", 0.6000000000000001),
      ("0.1 + (0.2 + 0.3)", 0.6), ("min(3, 1, 2)", 1), ("max(1, sqrt(9))", 3), ("1e-3 * 2E+2", 0.2),
      ("dim[0] * dim[-1]", 14), ("sqrt(5)", 2.23606797749979), ("layers", 12), ("1 / (1 / 3)", 3),
    ] as [(String, Double)])
  func values(text: String, expected: Double) throws {
    #expect(try value(text, ["layers": 12], dims: [2, 5, 7]).get() == expected, "\(text)")
  }

  @Test(
    "what is no expression, or has no value, says why",
    arguments: [
      ("", "a number or a name is expected"), ("1 +", "expected where the end"), ("(1", "`)` is expected"),
      ("010", "`010` is not a number"), (".5", "expected where `.`"), ("1 2", "expected where `2`"),
      ("foo", "no value `foo`"), ("1 / 0", "divides by 0"), ("sqrt(0 - 1)", "sqrt of -1"),
      ("1e308 * 10", "too large"),
      ("sqrt(1, 2)", "takes one number"), ("min(1)", "two numbers"), ("dim[3]", "dim[3] is not there"),
      ("2 ** 3", "expected where `*`"), ("f(1)", "expected where `(`"),
      (String(repeating: "(", count: 500) + "1", "nested too deeply"),
      (String(repeating: "-", count: 500) + "1", "nested too deeply"),
      // Each sign is one deeper in the tree, too.
      (String(repeating: "1+", count: 500_000) + "1", "more than 1000 characters"),
    ])
  func failures(text: String, message: String) {
    #expect(throws: Expression.Failure.self) { try value(text).get() }
    if case .failure(let failure) = value(text) {
      #expect(failure.message.contains(message), "\(failure.message)")
    }
  }

  @Test(
    "a pattern captures as little as its match allows, from the left",
    arguments: [
      ("layers.{i}.w", "layers.11.w", ["i": "11"]), ("{prefix}.bias", "a.b.bias", ["prefix": "a.b"]),
      ("{a}.{b}", "x.y.z", ["a": "x", "b": "y.z"]), ("*h.{i}.*", "t.h.3.attn.w", ["i": "3"]),
      ("?{a}*", "abc", ["a": "b"]), ("*.{k}", "a.b.c", ["k": "b.c"]),
      ("{a}{b}", "xyz", ["a": "x", "b": "yz"]),
      ("*", "anything", [:]), ("{}", "{}", [:]), ("{1}", "{1}", [:]),
    ] as [(String, String, [String: String])])
  func captures(pattern: String, name: String, expected: [String: String]) {
    #expect(Glob(pattern).captured(name) == expected)
  }

  @Test("long names cost their length, not its square, whatever the pattern")
  func long() {
    let name = String(repeating: "a", count: 200_000)
    for pattern in ["{x}{y}{z}b", "*a*a*a*b", "{x}a{y}a*?b"] { #expect(Glob(pattern).captured(name) == nil) }
    #expect(Glob("{x}{y}*").captured(name)?["y"] == "a")
  }

  @Test(
    "a pattern that does not match captures nothing, and never takes long",
    arguments: [
      ("layers.{i}.w", "layers..w"), ("{a}.b", ".b"), ("a?c", "ac"),
      (
        String(repeating: "*a{x}", count: 1) + String(repeating: "*a", count: 200),
        String(repeating: "a", count: 2000) + "b"
      ),
    ])
  func misses(pattern: String, name: String) {
    #expect(Glob(pattern).captured(name) == nil)
  }
}
