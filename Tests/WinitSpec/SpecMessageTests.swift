import Foundation
import Testing
import WinitInitializers
import WinitSpec
import WinitTestSupport

/// The texts of errors. All other tests check the kind of a problem, its line and its tensor.
@Suite struct SpecMessageTests {
  @Test(arguments: [
    ("tensors:\n\ta: [1]", "not with tabs"), ("rules:\n  - {match: *, init: zeros}", "begins with * needs quotes"),
  ])
  func `the most common mistakes in YAML have a remedy`(text: String, remedy: String) throws {
    let error = #expect(throws: SpecError.self) { try ModelSpec(parsing: text, file: "m.yaml") }
    #expect(error?.description.contains(remedy) == true, "\(error.map(\.description) ?? "")")
  }

  /// Specs, each with a title. Messages that other modules write are not among theirs.
  private static let specs: [(title: String, text: String)] = [
    ("empty", ""), ("a list", "- a"), ("not YAML: a second document", "tensors: {a: [1]}\n---\nrules: []"),
    ("not YAML: no anchor", "rules: [{match: *bias, init: zeros}]"),
    ("a duplicate name", "tensors:\n  a: [1]\n  a: [2]"),
    ("too deep", String(repeating: "[", count: 70)), ("no tensors", "rules: []"),
    ("an unknown key", "tensor: {a: [1]}"), ("an integer dtype of the model", "dtype: int32\ntensors: {}"),
    ("an unknown dtype", "tensors: {a: {shape: [1], dtype: flaot32, init: zeros}}"),
    ("an unknown layout", "layout: tf\ntensors: {}"), ("an unknown preset", "preset: gtp2"),
    ("an unknown option", "preset: {name: llama, teid: true}\ntensors: {a: [1]}"),
    ("a wrong option", "preset: {name: llama, tied: yes}\ntensors: {a: [1]}"),
    ("a preset without a name", "preset: {tied: true}\ntensors: {a: [1]}"),
    ("two prefixes", "preset: llama\ntensors: {a.embed_tokens.weight: [2, 2], b.embed_tokens.weight: [2, 2]}"),
    ("a tensor outside the prefix", "preset: llama\ntensors: {a.embed_tokens.weight: [2, 2], b: [2]}"),
    ("a prefix that no name has", "preset: {name: llama, prefix: b}\ntensors: {a.embed_tokens.weight: [2, 2]}"),
    (
      "a tie that an option asks for",
      "preset: {name: llama, tied: true}\ntensors: {model.embed_tokens.weight: [2, 2], lm_head.weight: [3, 2]}"
    ),
    ("an option of an unknown type", "options: {a: {type: flag, default: true, about: x}}\ntensors: {a: [1]}"),
    ("identify with a wildcard", "identify: ['*.weight']\ntensors: {a: [1]}"),
    ("a name for a value", "values: {dim: 1}\ntensors: {}"),
    ("a dimension", "tensors:\n  a: [010]\n  b: [99999999999999999999]\n  c: 5\n  d: {shape: x}\n  e: {init: ones}"),
    ("no rule", "tensors: {a: [1]}\nrules: []"),
    ("no rule of a preset of kinds", "preset: torch\ntensors: {a: [1]}\nrules: []"),
    ("no rule for a declared kind", "preset: torch\ntensors: {a: [1]}\nrules: [{match: a, kind: linear}]"),
    ("a rule without init", "tensors: {a: [1]}\nrules: [{match: a}]"),
    ("layout and fans", "tensors: {a: {shape: [2, 2], init: ones, layout: torch, fans: {in: [0], out: [1]}}}"),
    ("an unknown scheme", "tensors: {a: [1]}\nrules: [{match: a, init: he_normall}]"),
    ("a scheme written as a call", "tensors: {a: [1]}\nrules: [{match: a, init: constant(0.5)}]"),
    ("an unknown parameter", "tensors: {a: [1]}\nrules: [{match: a, init: {scheme: normal, sdt: 1}}]"),
    ("a parameter of a scheme without any", "tensors: {a: [1]}\nrules: [{match: a, init: {scheme: ones, value: 1}}]"),
    ("an unknown word", "tensors: {a: {shape: [2, 2], init: {scheme: he_normal, activation: relo}}}"),
    ("not a number", "tensors: {a: {shape: [1], init: {scheme: normal, std: 010}}}"),
    ("not a number but a word", "tensors: {a: {shape: [1], init: {scheme: normal, std: true}}}"),
    ("too large", "tensors: {a: {shape: [1], init: {scheme: normal, std: 1e400}}}"),
    ("too small", "tensors: {a: {shape: [1], init: {scheme: normal, std: 1e-400}}}"),
    ("an integer too large", "tensors: {a: {shape: [1], dtype: uint8, init: {scheme: constant, value: 300}}}"),
    ("not a whole number", "tensors: {a: {shape: [2, 2, 3], init: {scheme: dirac, groups: 0.5}}}"),
    ("gain and activation", "tensors: {a: {shape: [2, 2], init: {scheme: he_normal, gain: 1, activation: relu}}}"),
    ("one bound", "tensors: {a: {shape: [2], init: {scheme: uniform, low: 1}}}"),
    ("a missing parameter", "tensors: {a: {shape: [2], init: constant}}"),
    ("no fans", "tensors: {a: {shape: [2], init: he_normal}}"),
    ("a fan of 0", "tensors: {a: {shape: [2, 0], init: he_normal}}"),
    (
      "a layout that a scheme does not support",
      "tensors: {a: {shape: [2, 2, 2], init: {scheme: delta_orthogonal, fan_of: a}}}"
    ),
    ("an expression", "tensors: {a: {shape: [1], init: {scheme: normal, std: 2 ** 3}}}"),
    ("an unknown name", "tensors: {a: {shape: [1], init: {scheme: normal, std: 1 / layers}}}"),
    ("a capture", "tensors: {x.y: [1]}\nrules: [{match: 'x.{i}', init: {scheme: normal, std: 1 / i}}]"),
    (
      "a value without tensors",
      "values: {n: {dim: z, axis: 0}}\ntensors: {a: {shape: [1], init: {scheme: normal, std: n}}}"
    ),
    (
      "ties",
      """
      tensors:
        a: {shape: [1], init: zeros}
        b: {shape: [1], init: {scheme: same_as, of: a}}
        chain: {shape: [1], init: {scheme: same_as, of: b}}
        shape: {shape: [2], init: {scheme: same_as, of: a}}
        itself: {shape: [1], init: {scheme: same_as, of: itself}}
        missing: {shape: [1], init: {scheme: same_as, of: chian}}
        fans: {shape: [1], init: {scheme: uniform, fan_of: nobody}}
        vector: {shape: [1], init: {scheme: uniform, fan_of: a}}
      """
    ),
    (
      "ties in a circle",
      """
      tensors:
        a: {shape: [1], init: {scheme: same_as, of: b}}
        b: {shape: [1], init: {scheme: same_as, of: a}}
        c: {shape: [1], init: {scheme: same_as, of: a}}
      """
    ),
    (
      "parts and literals",
      """
      tensors:
        box: {shape: [3], init: {scheme: parts, base: zeros, parts: [{box: [[2, 9]], init: ones}]}}
        ranges: {shape: [3], init: {scheme: parts, base: zeros, parts: [{box: [[0, 1], [0, 1]], init: ones}]}}
        count: {shape: [3], init: {scheme: literal, values: [1]}}
        like: {shape: [3], init: {scheme: literal, from: like}}
      """
    ),
    ("an entry that is none", "tensors: {a: [2, 2]}\nrules: [{match: a, init: ones}]\nnetwork: [{wieght: a}, a, {}]"),
    (
      "entries of a network",
      """
      tensors: {a: [2, 3], b: [3, 2], n: [2], c: [2, 2, 3, 3], h.0.w: [2, 2], h.2.w: [2, 2]}
      rules: [{match: "*", init: ones}]
      network:
        - {weight: aa, activation: rely}
        - {weight: x.a}
        - {weight: a}
        - {weight: a}
        - {weight: n}
        - {weight: b, stride: 2}
        - {norm: batch, weight: n}
        - {input: [3]}
        - {residual: [{weight: a}]}
        - {pool: max, size: 1 / 2}
        - {repeat: "h.{i}", of: [{weight: w}]}
        - {repeat: "g.{i}", of: [{weight: w}]}
        - {activation: softmax}
        - {attention: {query: a, key: a, value: a}}
      """
    ),
    (
      "a convolution without an input",
      "tensors: {c: [2, 2, 3, 3]}\nrules: [{match: c, init: ones}]\nnetwork: [{weight: c}]"
    ),
    (
      "the other layout",
      "tensors: {a: [2, 3], b: [2, 3]}\nrules: [{match: '*', init: ones}]\nnetwork: [{weight: a}, {weight: b}]"
    ),
    (
      "allowed findings",
      """
      tensors: {a: [2]}
      rules: [{match: a, init: ones}]
      allow: [{finding: dead-unit, reason: x}, {finding: dead-units}, {finding: dead-units, reason: " "}, x]
      """
    ),
    ("a warning", "tensors: {a: [1]}\nrules: [{match: a, init: ones}, {match: b, init: zeros}]"),
  ]

  /// What a spec prints: its problems, or its warnings.
  private static func messages(_ text: String) throws -> String {
    do {
      return try plan(text).warnings.map(\.description).joined(separator: "\n")
    } catch let error as SpecError { return error.description }
  }

  @Test func `messages are those of Tests/Vectors/spec-messages.txt, which WINIT_RECORD=1 records`() throws {
    let blocks = try Self.specs.map { "# \($0.title)\n" + (try Self.messages($0.text)) + "\n" }
    let found = blocks.joined(separator: "\n")
    if ProcessInfo.processInfo.environment["WINIT_RECORD"] == "1" {
      try found.write(
        to: VectorFile.directory.appending(path: "spec-messages.txt"), atomically: true, encoding: .utf8)
    }
    #expect(try VectorFile.text("spec-messages.txt") == found)
  }

  @Test func `an error shows fifty problems and counts the others`() throws {
    let names = (0..<60).map { "n\($0): [-1]" }.joined(separator: ", ")
    let lines = try Self.messages("tensors: {\(names)}").split(separator: "\n")
    #expect(lines.count == 51)
    #expect(lines.last == "… and 10 more errors")
  }
}
