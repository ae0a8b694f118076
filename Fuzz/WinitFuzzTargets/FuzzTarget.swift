// What is fuzzed: a parser of bytes that come from elsewhere, and what must hold of whatever it is given.

/// A parser under test.
package struct FuzzTarget: Sendable {
  /// The parser's name, and that of its corpus.
  package let name: String
  /// Reads the bytes as its input and checks what must hold.
  ///
  /// - Throws: `Broken` where something does not.
  private let body: @Sendable ([UInt8]) throws -> Verdict

  /// What the parser said of an input.
  package enum Verdict: Sendable, CustomStringConvertible {
    case accepted
    case refused(String)

    package var description: String {
      switch self {
      case .accepted: "accepted"
      case .refused(let why): "refused: \(why)"
      }
    }
  }

  init(_ name: String, _ body: @escaping @Sendable ([UInt8]) throws -> Verdict) {
    (self.name, self.body) = (name, body)
  }

  package func callAsFunction(_ bytes: [UInt8]) throws -> Verdict { try body(bytes) }

  package static let all = [
    expression, index, json, name, npy, reference, safetensors, slice, yaml,
  ]
}

/// A promise that an input broke.
package struct Broken: Error, CustomStringConvertible {
  package let description: String
}

/// Holds a promise to what an input gave.
func expect(_ holds: Bool, _ promise: @autoclosure () -> String) throws {
  guard holds else { throw Broken(description: promise()) }
}

/// A file that is no text is refused before its parser sees it.
func text(_ bytes: [UInt8]) -> String? { String(validating: bytes, as: UTF8.self) }

/// Two texts as their bytes: Swift takes canonically equivalent ones for one.
func same(_ a: String, _ b: String) -> Bool { a.utf8.elementsEqual(b.utf8) }
