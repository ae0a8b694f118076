import Testing
import WinitCore
import WinitInitializers
import WinitJSON

@Suite struct SchemeArgumentTests {
  @Test(
    arguments: [
      ("0.02", .number(0.02)), ("2e-2", .number(0.02)), ("0.0200", .number(0.02)), ("-0", .number(0)),
      ("0e5", .number(0)), ("9007199254740991", .number(9_007_199_254_740_991)),
      ("9007199254740992", .number(9_007_199_254_740_992)),
      ("9007199254740993", .number(9_007_199_254_740_992, text: "9007199254740993")),
      ("9007199254740993.0", .number(9_007_199_254_740_992, text: "9007199254740993.0")),
      ("1e-400", .number(0, text: "1e-400")), ("1e400", .word("1e400")), ("010", .word("010")),
      ("fan_out", .word("fan_out")), ("true", .word("true")), ("", .word("")),
    ] as [(String, SchemeArgument)])
  func `a text is parsed once, and a number keeps its text only where binary64 does not say what was written`(
    text: String, argument: SchemeArgument
  ) {
    #expect(SchemeArgument(text: text) == argument)
  }

  @Test func `a Swift literal is what a spec's text is`() {
    #expect(
      ["a": 0.02, "b": 3, "c": "fan_out"] == ["a": SchemeArgument(text: "0.02"), "b": "3", "c": .word("fan_out")])
    #expect(SchemeArgument(9_007_199_254_740_993) == SchemeArgument(text: "9007199254740993"))
  }

  // The records that version 0.1.0 writes, whether the scheme resolves or not.
  @Test(arguments: [
    ("0.0200", "0.02"), ("1e-400", "0"), ("1e400", "\"1e400\""), ("-0", "0"), ("1E20", "100000000000000000000"),
    ("9007199254740993", "9007199254740992"), ("5", "5"), ("fan_out", "\"fan_out\""), ("010", "\"010\""),
  ])
  func `a record holds a number wherever the text is one, and the text otherwise`(text: String, json: String) throws {
    let expected = "{\"scheme\":\"he_normal\",\"gain\":\(json),\"mode\":\(json)}"
    let argument = SchemeArgument(text: text)
    let scheme = try Scheme("he_normal", ["mode": argument, "gain": argument])
    #expect(scheme.json.compact == expected)
    #expect(try Scheme(json: JSONValue(parsing: expected)).json.compact == expected)
  }

  @Test(arguments: [Double.nan, .infinity])
  func `a number that is not finite is refused, and its record can be written`(value: Double) throws {
    let scheme = Scheme.normal(std: value)
    #expect(throws: SchemeError.notANumber(parameter: "std", text: "\(value)")) {
      try scheme.resolve(shape: .init([2]), dtype: .float32, layout: .torch)
    }
    #expect(scheme.json.compact == "{\"scheme\":\"normal\",\"std\":\"\(value)\"}")
  }
}
