import Testing
import WinitSpec

@Suite struct SpecBoundsTests {
  @Test func `aliases that expand to more than a million nodes and bytes are refused`() throws {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for i in 1...8 {
      text += "a\(i): &a\(i) [" + Array(repeating: "*a\(i - 1)", count: 10).joined(separator: ", ") + "]\n"
    }
    #expect(try problems(text) == ["6 expansionTooLarge"])
    // As a key, which is compared; and of one long text, which is copied.
    #expect(try problems(text + "? *a8\n: 1\n") == ["6 expansionTooLarge"])
    let long =
      "a: &a \(String(repeating: "y", count: 10_000))\nb: [\(String(repeating: "*a, ", count: 5000))]"
    #expect(try problems(long) == ["2 expansionTooLarge"])
  }

  @Test func `nesting is bounded, also through aliases, and keys that are lists take no time`() throws {
    var chain = "a0: &a0 [x]\n"
    for i in 1...5000 { chain += "a\(i): &a\(i) [*a\(i - 1)]\n" }
    #expect(try problems(chain) == ["63 tooDeep"])
    let deep = String(repeating: "[", count: 70) + String(repeating: "]", count: 70)
    #expect(try problems("tensors: \(deep)") == ["1 tooDeep"])
    #expect(try problems(String(repeating: "[", count: 100_000)) == ["1 tooDeep"])
    let key = String(repeating: "[", count: 40) + "x" + String(repeating: "]", count: 40)
    let start = ContinuousClock.now
    let keys = [1, 1, 2, 2].map { "[\(key), \($0)]: 1" }.joined(separator: ", ")
    #expect(try problems("{\(keys)}").first == "1 unknownKey")
    #expect(start.duration(to: .now) < .seconds(10))
  }

  @Test func `texts that are written into every tensor's record or error are bounded`() throws {
    let long = String(repeating: "{a}", count: 400)
    for initialization in [
      "{scheme: same_as, of: '\(long)'}", "{scheme: uniform, fan_of: '\(long)'}",
      "{scheme: normal, std: '\(long)'}",
    ] {
      let found = try problems("tensors: {w: [1]}\nrules: [{match: '{a}', init: \(initialization)}]")
      #expect(found == ["2 tooLong"])
    }
    #expect(try problems("tensors: {w: [1]}\nrules: [{match: '\(long)', init: zeros}]") == ["2 tooLong"])
  }

  @Test func `the parts and literals that a rule gives to many tensors are bounded together`() throws {
    let tensors = (0..<1000).map { "n\($0): [9]" }.joined(separator: ", ")
    let parts = Array(repeating: "{box: [[0, 1]], init: ones}", count: 101).joined(separator: ", ")
    let values = Array(repeating: "1", count: 1001).joined(separator: ", ")
    for initialization in [
      "{scheme: parts, base: zeros, parts: [\(parts)]}", "{scheme: literal, values: [\(values)]}",
    ] {
      let found = try problems("tensors: {\(tensors)}\nrules: [{match: '*', init: \(initialization)}]")
      #expect(found.first == "limitExceeded")
    }
  }

  @Test func `many tensors tied to names that do not exist are refused quickly`() throws {
    let names = (0..<3000).map { "n\($0): {shape: [1], init: {scheme: same_as, of: m\($0)}}" }
    let start = ContinuousClock.now
    #expect(try problems("tensors: {\(names.joined(separator: ", "))}").count == 3000)
    #expect(start.duration(to: .now) < .seconds(10))
  }
}
