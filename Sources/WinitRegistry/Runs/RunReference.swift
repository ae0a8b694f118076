// References to runs, and the names and aliases in them.

import Foundation
import WinitCore

/// A text that names a run by its name, version, alias or id.
package enum RunReference: Sendable, Hashable, CustomStringConvertible {
  /// `NAME` or `NAME:latest`: the latest version of the name.
  case latest(name: String)
  /// `NAME:ALIAS`: the run that has the alias now.
  case alias(name: String, String)
  /// `NAME:v2`: this version of the name.
  case version(name: String, Int)
  /// `sha256:…` or `NAME@sha256:…`: the latest run with this id. The first hexadecimal digits are enough if no other id
  /// begins with them.
  case id(prefix: String, name: String?)

  /// Parses a reference as a user types it.
  ///
  /// - Throws: `RegistryError` with the code `invalidReference` if the text is not a reference.
  package init(parsing text: String) throws {
    let marker = text.hasPrefix("sha256:") ? text.range(of: "sha256:") : text.range(of: "@sha256:")
    // An older registry may have a run with the name `sha256`, whose references have no digits behind the colon.
    if let marker, !Self.isOfRunNamedSHA256(text) {
      let digits = String(text[marker.upperBound...])
      var name: String?
      if !text.hasPrefix("sha256:") { name = String(text[..<marker.lowerBound]) }
      guard (1...64).contains(digits.utf8.count), digits.utf8.allSatisfy({ SHA256Digest.hexValue($0) != nil }),
        name.map(RunName.isValid) ?? true
      else { throw RegistryError.invalidReference(text) }
      self = .id(prefix: digits.lowercased(), name: name)
      return
    }
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard RunName.isValid(parts[0]) else { throw RegistryError.invalidReference(text) }
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
    else { throw RegistryError.invalidReference(text) }
    self = .version(name: parts[0], version)
  }

  /// Returns whether a text is `sha256:v2` or `sha256:latest`.
  private static func isOfRunNamedSHA256(_ text: String) -> Bool {
    guard text.hasPrefix("sha256:") else { return false }
    let rest = text.dropFirst("sha256:".count)
    return rest == "latest" || rest.first == "v"
  }

  /// The reference as a user types it.
  package var description: String {
    switch self {
    case .latest(let name): name
    case .alias(let name, let alias): "\(name):\(alias)"
    case .version(let name, let version): "\(name):v\(version)"
    case .id(let prefix, let name): (name.map { "\($0)@" } ?? "") + "sha256:\(prefix)"
    }
  }
}

/// The rules for names of runs. Version 0.1 did not have the rules for new names, so an older registry or a bundle may
/// have other names. They stay references, and `rename` accepts them as the old name.
enum RunName {
  /// Returns the reason why a name is not given to a run; nil for a good name.
  static func problem(ofNew name: String) -> String? {
    if !isValid(name) { return "Use letters, digits, `.`, `_`, `/` and `-`, at most 255 of them" }
    if name.hasPrefix("-") { return "A name that begins with `-` looks like an option" }
    if name == "sha256" { return "A reference that begins with `sha256:` is an id" }
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    if parts.contains("") { return "A name must have text before and after each `/`" }
    if parts.contains(".") || parts.contains("..") { return "A part of a name between slashes cannot be `.` or `..`" }
    return nil
  }

  /// Returns whether a name has 1 to 255 bytes, and only ASCII letters, digits, `.`, `_`, `/` and `-`.
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

/// The rules for aliases of runs.
enum Alias {
  /// Returns the reason why an alias is not given to a run; nil for a good alias.
  static func problem(ofNew alias: String) -> String? {
    if !isValid(alias) {
      return "Use letters, digits, `.`, `_` and `-`; an alias is not `latest` and does not look like a version"
    }
    return RunName.problem(ofNew: alias)
  }

  /// Returns whether an alias follows the rules for names, has no `/`, is not `latest`, and does not look like a
  /// version.
  static func isValid(_ alias: String) -> Bool {
    let digits = alias.drop { $0 == "v" || $0 == "V" }
    return RunName.isValid(alias) && !alias.contains("/") && alias != "latest"
      && digits.contains { !("0"..."9").contains($0) }
  }
}
