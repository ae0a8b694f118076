import Testing
import WinitCore

@Suite struct GlobTests {
  @Test(
    arguments: [
      ("layers.{i}.w", "layers.11.w", ["i": "11"]), ("{prefix}.bias", "a.b.bias", ["prefix": "a.b"]),
      ("{a}.{b}", "x.y.z", ["a": "x", "b": "y.z"]), ("*h.{i}.*", "t.h.3.attn.w", ["i": "3"]),
      ("?{a}*", "abc", ["a": "b"]), ("*.{k}", "a.b.c", ["k": "b.c"]),
      ("{a}{b}", "xyz", ["a": "x", "b": "yz"]),
      ("*", "anything", [:]), ("ab*ba", "abba", [:]), ("*", "", [:]), ("a*{x}a", "aba", ["x": "b"]), ("{}", "{}", [:]),
      ("{1}", "{1}", [:]),
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
    ("layers.{i}.w", "layers..w"), ("{a}.b", ".b"), ("a?c", "ac"), ("ab*ba", "aba"), ("a*", "ba"), ("*a", "ab"),
    ("e*", "\u{E9}"), ("*\u{301}", "\u{E9}"), ("ab", "abb"),
    (
      String(repeating: "*a{x}", count: 1) + String(repeating: "*a", count: 200),
      String(repeating: "a", count: 2000) + "b"
    ),
  ])
  func `a pattern that does not match captures nothing, and takes little time`(pattern: String, name: String) {
    #expect(Glob(pattern).captured(name) == nil)
  }
}
