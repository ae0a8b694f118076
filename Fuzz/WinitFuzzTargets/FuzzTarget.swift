// Fuzz targets: parsers of input that is not trusted, with the properties that must hold for every input.

/// A parser under test.
package struct FuzzTarget: Sendable {
  /// The name of the target and of its corpus.
  package let name: String
  /// Parses the bytes and checks the properties.
  ///
  /// - Throws: `BrokenProperty` if a property does not hold.
  private let body: @Sendable ([UInt8]) throws -> Verdict

  /// The result of the parser for an input.
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

  /// Parses an input and checks the properties.
  ///
  /// - Throws: `BrokenProperty` if a property does not hold.
  package func callAsFunction(_ bytes: [UInt8]) throws -> Verdict { try body(bytes) }

  /// All targets, in order of their names.
  package static let all = [
    configuration, diagnosis, expression, git, index, journal, json, manifest, name, network, npy, pages, reference,
    safetensors, shards, slice, yaml,
  ]
}

/// A property that does not hold for an input.
package struct BrokenProperty: Error, CustomStringConvertible {
  package let description: String
}

/// Throws `BrokenProperty` if a property does not hold.
///
/// - Parameter problem: the message, which says what is wrong.
func expect(_ holds: Bool, _ problem: @autoclosure () -> String) throws {
  guard holds else { throw BrokenProperty(description: problem()) }
}

/// Returns the bytes as text, or nil if they are not valid UTF-8. Files that are not text are refused before they are
/// parsed.
func text(_ bytes: [UInt8]) -> String? { String(validating: bytes, as: UTF8.self) }

/// Compares two texts by their bytes. Swift's `==` also holds for texts that are only canonically equivalent.
func same(_ a: String, _ b: String) -> Bool { a.utf8.elementsEqual(b.utf8) }
