// Text of users and files in messages.

import Testing
import WinitJSON

@Suite struct QuotedTextTests {
  @Test func `a text of 80 characters is quoted whole, and a longer one with its beginning, its end and its length`() {
    let text = "<" + String(repeating: "a", count: 78) + ">"
    #expect("\(quoted: text)" == "`\(text)`")
    let long = "\(quoted: "<" + String(repeating: "a", count: 1_000_000) + ">")"
    #expect(long.hasPrefix("`<aaa") && long.hasSuffix("aaa>` (1000002 characters)") && long.contains("a…a"))
    #expect(long.prefix { $0 != ">" }.count == 80)
    // One `Character` of any length.
    #expect("\(quoted: "e" + String(repeating: "\u{301}", count: 10_000))".unicodeScalars.count < 120)
  }

  @Test func `characters that control a terminal or end a line are escaped`() {
    #expect(
      "\(quoted: "a\nb\u{1B}[2J\t\u{7F}\u{85}\u{2028}\u{202E}")"
        == #"`a\u000ab\u001b[2J\u0009\u007f\u0085\u2028\u202e`"#)
    #expect("\(quoted: "é€😀")" == "`é€😀`")
    #expect("\(quoted: 3)" == "`3`")
  }
}
