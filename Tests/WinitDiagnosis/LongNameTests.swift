// Names and texts of several megabytes, as a file from elsewhere may have them.

import Testing
import WinitDiagnosis
import WinitJSON

/// A copy of the text for each character would take minutes with these sizes; one pass takes a fraction of a second.
@Suite struct LongNameTests {
  private static let size = 2 << 20

  /// Names without a number, of one number, of many numbers, and of characters of several bytes.
  private static var names: [String] {
    [
      String(repeating: "a", count: size), String(repeating: "1", count: size),
      String(repeating: "1a", count: size / 2), String(repeating: "é", count: size / 2),
    ]
  }

  @Test func `names of megabytes are grouped to families in linear time`() {
    for name in LongNameTests.names {
      let tensors = ["\(name).0.w", "\(name).1.w"].map {
        TensorDiagnosis(name: $0, shape: [2], dtype: "float32", count: 2)
      }
      let isWhole = name.hasPrefix("1a")  // with more numbers than a family can have
      #expect(TensorFamily.families(of: tensors).map(\.members.count) == (isWhole ? [1, 1] : [2]))
    }
  }

  @Test func `tensors with names of megabytes are judged and their findings are folded in linear time`() {
    for name in LongNameTests.names {
      let model = TestModel(
        tensors: (0..<3).map { .constant("\(name).\($0).weight", [8, 8], 0) } + [.he("head.weight", 8)])
      let findings = model.findings()
      #expect(findings.map(\.code) == [.allZeroWeights])
      #expect(findings.first?.message.contains("(3 tensors)") == true)
    }
  }

  @Test func `megabytes of control characters are escaped in linear time`() {
    let text = String(repeating: "\u{1}", count: LongNameTests.size / 4)
    let escaped = escapingControls(text.unicodeScalars)
    #expect(escaped.utf8.count == 6 * text.utf8.count)
    #expect(escaped.hasPrefix(#"\u0001\u0001"#))
  }
}
