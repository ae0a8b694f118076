import Testing
import WinitJSON
import WinitTestSupport

@Suite struct JSONTests {
  @Test func `numbers are written as in ECMAScript, and are read back as the same number`() throws {
    for row in try VectorFile.rows("numbers.txt") {
      let value = try row.double(0)
      #expect(JSONNumber.text(value) == row[1], "\(row)")
      #expect(JSONNumber.parse(row[1]) == value, "\(row)")
    }
  }

  @Test(arguments: [
    "010", "1:30", "+1", ".5", "1.", "0x10", "1_000", "1e", "--1", "", " 1", "1 ", "nan", ".inf",
    "Infinity", "1e999",
  ])
  func `a text that does not follow JSON's grammar for numbers, or is too large, is not a number`(text: String) {
    #expect(JSONNumber.parse(text) == nil)
  }

  @Test func `the example of RFC 8785 has the canonical form of the RFC`() throws {
    // RFC 8785, section 3.2.2: input and canonical output.
    let input = #"""
      {
        "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
        "literals": [null, true, false]
      }
      """#
    let expected =
      #"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}"#
    #expect(try JSONValue(parsing: input).canonical == expected)
  }

  @Test func `members are sorted by UTF-16 code units, as in RFC 8785, section 3.2.3`() throws {
    let input = #"{"€":1,"\r":2,"\ufb33":3,"1":4,"😀":5,"\u0080":6,"ö":7}"#
    let keys = try JSONValue(parsing: JSONValue(parsing: input).canonical).objectValue?.map(\.key)
    #expect(keys == ["\r", "1", "\u{80}", "ö", "€", "😀", "\u{FB33}"])
  }

  @Test func `keys are compared as bytes: two spellings of é are two keys, and duplicate bytes are an error`() throws {
    let value = try JSONValue(parsing: "{\"\u{E9}\":1,\"e\u{301}\":2}")
    #expect(value["\u{E9}"]?.numberValue == 1)
    #expect(value["e\u{301}"]?.numberValue == 2)
    let error = #expect(throws: JSONError.self) { try JSONValue(parsing: #"{"a":1,"b":{},"\u0061":2}"#) }
    #expect(error?.reason == .duplicateKey("a") && error?.offset == 14)
    #expect(error?.description == "not valid JSON at byte 14: duplicate key `a`")
  }

  @Test(arguments: [
    (#""\ud83d\ude00""#, "😀"), (#""\u00e9\/\b\f""#, "\u{E9}/\u{8}\u{C}"),
  ])
  func `escape sequences and surrogate pairs are read`(text: String, value: String) throws {
    #expect(try JSONValue(parsing: text).stringValue == value)
  }

  @Test(
    arguments: [
      ("", .unexpectedEnd), ("{", .expected("a key in quotes")), ("[1,]", .expected("a value")),
      ("{\"a\":1,}", .expected("a key in quotes")), ("{a:1}", .expected("a key in quotes")),
      ("'a'", .expected("a value")), ("[1 2]", .expected("`,` or `]`")), ("tru", .expected("true")),
      ("01", .notANumber("01")), ("1 2", .trailingText), ("\"\u{1}\"", .controlCharacter), (#""\x""#, .unknownEscape),
      (#""\ud800""#, .loneSurrogate), (#""\ud800\u0041""#, .loneSurrogate), (#""\u12""#, .incompleteEscape),
      (#""\u12x4""#, .notHexadecimal), ("\"abc", .unterminatedString), ("[1", .expected("`,` or `]`")),
      ("\u{FEFF}1", .expected("a value")), (#"{"a" 1}"#, .expected("`:`")), ("nul", .expected("null")),
      ("-", .notANumber("-")), ("[\"a\":1]", .expected("`,` or `]`")), ("{\"a\":1]", .expected("`,` or `}`")),
      (String(repeating: "[", count: 100_000), .tooDeep(limit: 64)),
    ] as [(String, JSONError.Reason)])
  func `a text that is not JSON is refused, and the error says why`(text: String, reason: JSONError.Reason) {
    let error = #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
    #expect(error?.reason == reason)
  }

  @Test(
    arguments: [
      ([0x22, 0xFF, 0x22], .notUTF8), ([0x22, 0xC0, 0x80, 0x22], .notUTF8), ([0xFF], .expected("a value")),
    ] as [([UInt8], JSONError.Reason)])
  func `bytes that are not UTF-8 are refused`(bytes: [UInt8], reason: JSONError.Reason) {
    let error = #expect(throws: JSONError.self) { try JSONValue(parsing: bytes) }
    #expect(error?.reason == reason)
  }

  @Test
  func `the reader of integers refuses other forms of numbers, and integers that binary64 does not represent`() throws {
    for text in ["0", "-1", "[1, 9007199254740992, -9007199254740992]"] {
      #expect(
        try JSONValue(parsingIntegers: Array(text.utf8)).canonical == JSONValue(parsing: text).canonical)
    }
    for text in [
      "1.0", "1e3", "-0", "9007199254740993", "-9007199254740993", "100000000000000000000",
    ] {
      let error = #expect(throws: JSONError.self) { try JSONValue(parsingIntegers: Array(text.utf8)) }
      #expect(error?.reason == .notAnInteger(text))
    }
    let error = #expect(throws: JSONError.self) { try JSONValue(parsingIntegers: Array("1e400".utf8)) }
    #expect(error?.reason == .notANumber("1e400"))
  }

  @Test func `the form for people keeps the order of members`() {
    let value: JSONValue = ["b": [1, 2], "a": ["x": []], "c": [["k": true]]]
    #expect(
      value.pretty == """
        {
          "b": [1, 2],
          "a": {
            "x": []
          },
          "c": [
            {
              "k": true
            }
          ]
        }
        """)
  }
}
