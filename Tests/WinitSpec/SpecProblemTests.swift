import Testing
import WinitCore
import WinitSpec

@Suite struct SpecProblemTests {
  @Test(arguments: [
    ("", ["emptySpec"]), ("- a", ["1 wrongType"]), ("tensors: {a: [1}", ["1 invalidYAML"]),
    ("tensors: {a: [1]}\n---\nrules: []", ["2 invalidYAML"]), ("a: *b", ["1 invalidYAML"]),
    ("rules: []", ["noTensors"]), ("tensors: {a: [1]}\nrules: {}", ["2 wrongType"]),
    ("tensors: [a]\nrules: []", ["1 wrongType"]), ("tensor: {a: [1]}", ["1 unknownKey"]),
    ("dtype: int32\ntensors: {a: {shape: [1], init: zeros}}", ["1 notFloatingPoint"]),
    ("dtype: f99\ntensors: {a: {shape: [1], init: zeros}}", ["1 unsupportedDType"]),
    ("layout: tf\ntensors: {a: {shape: [1], init: zeros}}", ["1 unknownLayout"]),
    ("preset: gtp2\ntensors: {a: [1]}", ["1 unknownPreset"]),
    ("like: []\ntensors: {a: {shape: [1], init: zeros}}", ["1 wrongType"]),
    ("values: {a b: 1}\ntensors: {a: {shape: [1], init: zeros}}", ["1 invalidName"]),
    ("values: {min: 1}\ntensors: {a: {shape: [1], init: zeros}}", ["1 invalidName"]),
    ("values: {n: {count: x, dim: y}}\ntensors: {a: {shape: [1], init: zeros}}", ["1 wrongType"]),
    ("values: {n: 1 +}\ntensors: {a: {shape: [1], init: zeros}}", ["1 badExpression"]),
    ("values: {n: 1 / 0}\ntensors: {a: {shape: [1], init: zeros}}", ["1 noValue"]),
  ])
  func `a problem of the text or of a key is reported with its kind and line`(text: String, expected: [String]) throws {
    #expect(try problems(text) == expected)
  }

  @Test(arguments: [
    ("a: [2, -3]", "2 a invalidShape"), ("a: [4294967296, 4294967296]", "2 a invalidShape"),
    ("a: [99999999999999999999]", "2 a invalidShape"), ("a: [010]", "2 a invalidShape"),
    ("a: [1.5]", "2 a invalidShape"), ("a: {shape: 5, init: ones}", "2 a invalidShape"),
    ("a: 5", "2 a wrongType"), ("[a]: [1]", "2 wrongType"), ("a: {init: ones}", "2 a noShape"),
    ("\"\": [1]", "2  invalidName"), ("__metadata__: [1]", "2 __metadata__ invalidName"),
    ("a: {shape: [1], dtype: float8}", "2 a unsupportedDType"),
    ("a: {shape: [1], intt: ones}", "2 a unknownKey"),
    ("a: {shape: [1], layout: tf, init: ones}", "2 a unknownLayout"),
    ("a: {shape: [2, 2], init: ones, fans: {in: [0]}}", "2 a missingKey"),
    ("a: {shape: [2, 2], init: ones, fans: {in: x, out: 1}}", "2 a wrongType"),
    ("a: {shape: [2, 2], init: he_normal, fans: {in: [2], out: [1]}}", "2 a invalidFans"),
    ("a: {shape: [2, 2], init: ones, layout: keras, fans: {in: [0], out: [1]}}", "2 a conflictingKeys"),
    ("a: {shape: [], dtype: int64, init: normal}", "2 a invalidLaw"), ("a: [1]", "2 a noRule"),
  ])
  func `a problem of an entry under tensors is reported with its kind, line and tensor`(entry: String, expected: String)
    throws
  {
    #expect(try problems("tensors:\n  \(entry)\nrules: []") == [expected])
  }

  @Test(arguments: [
    ("{mach: a, init: zeros}", "3 unknownKey"), ("{match: a}", "3 missingKey"),
    ("{match: [a], init: zeros}", "3 wrongType"), ("{match: '{x}{x}', init: zeros}", "3 invalidPattern"),
    ("{match: a, init: zeros, rank: -1}", "3 wrongType"),
    ("{match: a, init: zeros, dtype: float32}", "3 wrongType"), ("{match: a, init: [x]}", "3 wrongType"),
    ("{match: a, init: {std: 1}}", "3 missingKey"), ("{match: a, init: zero}", "3 unknownScheme"),
    ("{match: a, init: {scheme: normal, sdt: 1}}", "3 unknownParameter"),
    ("{match: a, init: {scheme: normal, std: .nan}}", "3 badExpression"),
    ("{match: a, init: {scheme: normal, std: [1]}}", "3 wrongType"),
    ("{match: a, init: {scheme: skip, of: a}}", "3 unknownParameter"),
  ])
  func `a problem of a rule is reported with its kind and line`(rule: String, expected: String) throws {
    // A rule that cannot be read does not make its tensors errors too.
    let found = try problems("tensors: {a: [1]}\nrules:\n  - \(rule)\n  - {match: '*', init: zeros}")
    #expect(found == [expected])
  }

  @Test(arguments: [
    ("{scheme: torch.normal, std: -1}", "invalidLaw"), ("{scheme: uniform, low: 2, high: 1}", "invalidLaw"),
    ("{scheme: eye}", "invalidLaw"), ("{scheme: dirac, groups: 2}", "invalidLaw"),
    ("{scheme: sparse, sparsity: 0.5}", "invalidLaw"), ("{scheme: torch.trunc_normal, a: 2, b: -2}", "invalidLaw"),
    ("{scheme: torch.trunc_normal, a: 90, b: 91}", "invalidLaw"), ("{scheme: he_normal, fan_of: b}", "noFans"),
    ("{scheme: he_normal, mode: fan_inn}", "unknownWord"), ("{scheme: dirac, groups: 0.5}", "numberOutOfRange"),
    ("{scheme: sparse, sparsity: 1.5}", "numberOutOfRange"), ("{scheme: orthogonal, gain: -1}", "numberOutOfRange"),
    ("{scheme: sparse}", "missingParameter"), ("{scheme: jax.variance_scaling}", "missingParameter"),
    ("{scheme: normal, std: true}", "notANumber"), ("{scheme: uniform, low: 1}", "conflictingParameters"),
    ("{scheme: delta_orthogonal, fan_of: d}", "unsupportedLayout"), ("{scheme: normal, std: 1 / layers}", "noValue"),
    ("{scheme: normal, std: 'sqrt(-dim[0])'}", "noValue"), ("{scheme: uniform, fan_of: missing}", "unknownTensor"),
    ("{scheme: same_as, of: missing}", "unknownTensor"), ("{scheme: same_as, of: a}", "invalidTie"),
    ("{scheme: same_as, of: b}", "invalidTie"), ("{scheme: same_as, of: c}", "invalidTie"),
    ("{scheme: same_as}", "missingParameter"), ("{scheme: literal, values: [1, 2]}", "invalidLiteral"),
    ("{scheme: literal, from: like}", "invalidLiteral"), ("{scheme: literal}", "missingParameter"),
    ("{scheme: parts, base: zeros}", "missingParameter"),
    ("{scheme: parts, base: skip, parts: []}", "unknownScheme"),
    ("{scheme: parts, base: zeros, parts: [{box: [[0, 1]]}]}", "missingKey"),
    ("{scheme: parts, base: zeros, parts: [{box: [0], init: ones}]}", "wrongType"),
    ("{scheme: parts, base: zeros, parts: [{box: [[2, 9]], init: ones}]}", "invalidBox"),
    ("{scheme: parts, base: zeros, parts: [{box: [[0, 1], [0, 1], [0, 1], [0, 1]], init: ones}]}", "invalidBox"),
    ("{scheme: parts, base: zeros, parts: [{box: [[0, 2]], init: {scheme: eye}}]}", "invalidLaw"),
    ("{scheme: keras.he_normal, gain: 2}", "unknownParameter"), ("{scheme: torch.unifrom}", "unknownScheme"),
  ])
  func `a problem of an init is reported with its kind, the line of its scheme and the tensor`(
    initialization: String, expected: String
  ) throws {
    let found = try problems(
      """
      tensors:
        b: {shape: [4], init: zeros}
        c: {shape: [3, 2, 2], init: {scheme: same_as, of: d}}
        d: {shape: [3, 2, 2], init: zeros}
        a: {shape: [3, 2, 2], init: \(initialization)}
      """)
    #expect(found == ["5 a \(expected)"])
  }

  @Test
  func `one run reports all problems in the order of the file, those of the spec and those of its tensors`() throws {
    let found = try problems(
      """
      dtyp: float32
      tensors:
        a: [-1]
        b: {shape: [2], dtype: f99}
        c: [3]
        d: {shape: [4], init: {scheme: normal, sdt: 1, maen: 2}}
        e: [5]
      rules:
        - {match: "zz", init: {scheme: torch.normal, std: -1}}
        - {match: "c", init: he_normal}
        - {match: "[abd]", init: normall}
        - {match: "*"}
      """)
    #expect(
      found == [
        "1 unknownKey", "3 a invalidShape", "4 b unsupportedDType", "6 d unknownParameter", "9 invalidLaw",
        "10 c noFans", "11 unknownScheme", "12 missingKey",
      ])
  }

  @Test func `one run reports the problems of all tensors that a rule decides`() throws {
    let text = "tensors: {a: [1], b: [2, 2], c: [3]}\nrules: [{match: \"*\", init: he_normal}]"
    #expect(try problems(text) == ["2 a noFans", "2 c noFans"])
  }

  @Test
  func `a shape that is not that of like is an error, and so is a name of like that a registry cannot hold`() throws {
    let tensors = [try like("a", [2], .float32), try like("", [1], .float32)]
    let found = try problems("tensors: {a: [3]}\nrules: [{match: \"*\", init: zeros}]", like: tensors)
    #expect(found == [" invalidName", "1 a shapeMismatch"])
  }

  @Test func `a problem of an init is reported at the line of its scheme`() throws {
    let text = "tensors: {a: [1]}\nrules:\n  - match: a\n    init:\n      scheme: torch.normal\n      std: -1\n"
    #expect(try problems(text) == ["5 a invalidLaw"])
  }
}
