// How a run is named: by name, version or content.

import Foundation
import WinitCore

/// How a run is named.
public enum Reference: Sendable, Hashable, CustomStringConvertible {
  /// `NAME` or `NAME:latest`: the latest version.
  case latest(name: String)
  /// `NAME:ALIAS`: the run that the alias stands for now.
  case alias(name: String, String)
  /// `NAME:v2`.
  case version(name: String, Int)
  /// `sha256:…` or `NAME@sha256:…`: the latest run with this id, whose first hexadecimal digits are enough where
  /// no other id begins with them.
  case id(prefix: String, name: String?)

  /// - Throws: `RegistryError.badReference`.
  public init(parsing text: String) throws(RegistryError) {
    let marker = text.hasPrefix("sha256:") ? text.range(of: "sha256:") : text.range(of: "@sha256:")
    if let marker {
      let digits = String(text[marker.upperBound...])
      var name: String?
      if !text.hasPrefix("sha256:") { name = String(text[..<marker.lowerBound]) }
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
    if parts[1] == "latest" {
      self = .latest(name: parts[0])
      return
    }
    if Alias.isValid(parts[1]) {
      self = .alias(name: parts[0], parts[1])
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
    case .alias(let name, let alias): "\(name):\(alias)"
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

/// What stands for a version, and can be moved.
enum Alias {
  /// A word of letters, digits, `.`, `_` and `-` that cannot be taken for a version or the latest one.
  static func isValid(_ alias: String) -> Bool {
    let digits = alias.drop { $0 == "v" || $0 == "V" }
    return RunName.isValid(alias) && !alias.contains("/") && alias != "latest"
      && digits.contains { !("0"..."9").contains($0) }
  }
}
