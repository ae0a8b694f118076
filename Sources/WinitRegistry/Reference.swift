// How a run is named: by name, version or content.

import Foundation
import InitLaw

/// How a run is named.
public enum Reference: Sendable, Hashable, CustomStringConvertible {
  /// `NAME`: the latest version.
  case latest(name: String)
  /// `NAME:v2`.
  case version(name: String, Int)
  /// `sha256:…` or `NAME@sha256:…`: the latest run with this id, whose first hexadecimal digits are enough where
  /// no other id begins with them.
  case id(prefix: String, name: String?)

  /// - Throws: `RegistryError.badReference`.
  public init(parsing text: String) throws(RegistryError) {
    if let marker = text.range(of: "sha256:") {
      let digits = String(text[marker.upperBound...])
      var name: String?
      if marker.lowerBound > text.startIndex {
        guard text[..<marker.lowerBound].hasSuffix("@") else { throw .badReference(text) }
        name = String(text[..<marker.lowerBound].dropLast())
      }
      guard (1...64).contains(digits.utf8.count), digits.utf8.allSatisfy({ Digest.hexValue($0) != nil }),
        name.map(RunName.isValid) ?? true
      else { throw .badReference(text) }
      self = .id(prefix: digits.lowercased(), name: name)
      return
    }
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard RunName.isValid(parts[0]) else { throw .badReference(text) }
    guard parts.count == 2 else {
      self = .latest(name: parts[0])
      return
    }
    guard parts[1].first == "v", let version = Int(parts[1].dropFirst()), version >= 1,
      String(version) == parts[1].dropFirst()
    else { throw .badReference(text) }
    self = .version(name: parts[0], version)
  }

  /// As it would be typed.
  public var description: String {
    switch self {
    case .latest(let name): name
    case .version(let name, let version): "\(name):v\(version)"
    case .id(let prefix, let name): (name.map { "\($0)@" } ?? "") + "sha256:\(prefix)"
    }
  }
}

/// What a run may be called.
enum RunName {
  static func isValid(_ name: String) -> Bool {
    !name.isEmpty && name.utf8.count <= 255
      && name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: "._/-".utf8.contains(byte)
        }
      }
  }
}
