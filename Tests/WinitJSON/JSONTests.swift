import Testing
import WinitJSON
import WinitTestSupport

@Suite struct JSONTests {
  @Test("numbers are written as ECMAScript writes them, and read back the same")
  func numbers() throws {
    for row in try VectorFile.rows("numbers.txt") {
      let value = try row.double(0)
      #expect(JSONNumber.text(value) == row[1], "\(row)")
      #expect(JSONNumber.parse(row[1]) == value, "\(row)")
    }
  }

  @Test(
    "only JSON's grammar is a number",
    arguments: [
      "010", "1:30", "+1", ".5", "1.", "0x10", "1_000", "1e", "--1", "", " 1", "1 ", "nan", ".inf",
      "Infinity", "1e999",
    ])
  func notANumber(text: String) { #expect(JSONNumber.parse(text) == nil) }

  @Test("RFC 8785's own example comes out as the RFC prints it")
  func rfcExample() throws {
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

  @Test("members sort by UTF-16 code units, as RFC 8785, section 3.2.3, shows")
  func sorting() throws {
    let input = #"{"€":1,"\r":2,"\ufb33":3,"1":4,"😀":5,"\u0080":6,"ö":7}"#
    let keys = try JSONValue(parsing: JSONValue(parsing: input).canonical).objectValue?.map(\.key)
    #expect(keys == ["\r", "1", "\u{80}", "ö", "€", "😀", "\u{FB33}"])
  }

  @Test("keys are bytes: two spellings of é are two keys, the same bytes twice are an error")
  func keys() throws {
    let value = try JSONValue(parsing: "{\"\u{E9}\":1,\"e\u{301}\":2}")
    #expect(value["\u{E9}"]?.numberValue == 1)
    #expect(value["e\u{301}"]?.numberValue == 2)
    let error = #expect(throws: JSONError.self) { try JSONValue(parsing: #"{"a":1,"b":{},"\u0061":2}"#) }
    #expect(error?.description == "not valid JSON at byte 14: the key `a` stands twice")
  }

  @Test(
    "escapes and pairs of surrogates are read",
    arguments: [
      (#""\ud83d\ude00""#, "😀"), (#""\u00e9\/\b\f""#, "\u{E9}/\u{8}\u{C}"),
    ])
  func escapes(text: String, value: String) throws {
    #expect(try JSONValue(parsing: text).stringValue == value)
  }

  @Test(
    "what is not JSON is refused",
    arguments: [
      "", "{", "[1,]", "{\"a\":1,}", "{a:1}", "'a'", "[1 2]", "tru", "01", "1 2", "\"\u{1}\"", #""\x""#,
      #""\ud800""#,
      #""\ud800\u0041""#, #""\u12""#, "\"abc", "[1", "\u{FEFF}1", #"{"a" 1}"#, "nul", "-", "[\"a\":1]",
      String(repeating: "[", count: 100_000),
    ])
  func refused(text: String) { #expect(throws: JSONError.self) { try JSONValue(parsing: text) } }

  @Test(
    "bytes that are not UTF-8 are refused",
    arguments: [[0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0xFF]])
  func notUTF8(bytes: [Int]) {
    #expect(throws: JSONError.self) { try JSONValue(parsing: bytes.map(UInt8.init)) }
  }

  @Test("where only integers are read, numbers written otherwise are refused, and those that round")
  func integers() throws {
    for text in ["0", "-1", "[1, 9007199254740992, -9007199254740992]"] {
      #expect(
        try JSONValue(parsingIntegers: Array(text.utf8)).canonical == JSONValue(parsing: text).canonical)
    }
    for text in [
      "1.0", "1e3", "-0", "9007199254740993", "-9007199254740993", "1e400", "100000000000000000000",
    ] {
      #expect(throws: JSONError.self, "\(text)") { try JSONValue(parsingIntegers: Array(text.utf8)) }
    }
  }

  @Test("the layout for people keeps the members' order")
  func pretty() {
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
