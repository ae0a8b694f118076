// The commit to which HEAD refers: a commit id, or a ref in a file of its own or in packed-refs.

import Foundation
import WinitJSON

/// The id of an object of git: the 20 bytes of a SHA-1 digest, or the 32 bytes of a SHA-256 digest.
package struct GitObjectID: Hashable, Sendable, CustomStringConvertible {
  let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Reads the 40 or 64 hexadecimal digits at the start of a text, which white space or the end of the text must follow.
  init?(hex text: some Collection<UInt8>) {
    let digits = text.prefix(65).map { UInt8(hexDigit: $0) }.prefix { $0 != nil }.compactMap(\.self)
    guard digits.count == 40 || digits.count == 64 else { return nil }
    if let next = text.dropFirst(digits.count).first, !" \t\r\n".utf8.contains(next) { return nil }
    bytes = stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }

  /// The hexadecimal digits.
  package var description: String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}

extension UInt8 {
  /// Reads an ASCII hexadecimal digit.
  fileprivate init?(hexDigit byte: UInt8) {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): self = byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): self = byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): self = byte - UInt8(ascii: "A") + 10
    default: return nil
    }
  }
}

extension GitCheckout {
  /// The maximum size of packed-refs, which has about 70 bytes for each ref.
  private static let packedRefsLimit = 256 << 20
  /// The maximum number of refs that refer to each other, as in git.
  private static let symbolicDepth = 5

  /// Returns the commit that is checked out.
  ///
  /// - Throws: `GitProblem` if there is no commit yet, or if HEAD cannot be read.
  package func commit() throws(GitProblem) -> GitObjectID {
    var name = Array("HEAD".utf8)
    for _ in 0..<Self.symbolicDepth {
      switch try value(of: name) {
      case .object(let id): return id
      case .ref(let target):
        if target == Array("refs/heads/.invalid".utf8) {
          throw GitProblem("the refs of the repository have the format reftable, which is not read")
        }
        guard Self.isRefName(target) else { throw GitProblem("`HEAD` names no ref") }
        name = target
      case nil:
        throw GitProblem(name == Array("HEAD".utf8) ? "`HEAD` is missing" : "the branch has no commit yet")
      }
    }
    throw GitProblem("the refs refer to each other")
  }

  private enum RefValue {
    case object(GitObjectID)
    case ref([UInt8])
  }

  /// Returns the value of a ref; nil if there is no such ref.
  private func value(of name: [UInt8]) throws(GitProblem) -> RefValue? {
    // These refs belong to one of several working trees of a repository.
    let isOwn =
      name == Array("HEAD".utf8)
      || ["refs/bisect/", "refs/worktree/", "refs/rewritten/"].contains { name.starts(with: $0.utf8) }
    let path = (isOwn ? gitFolder : commonFolder) + name
    // Old repositories have symbolic links in place of symbolic refs.
    if let target = files.link(path), target.starts(with: "refs/".utf8) { return .ref(target) }
    // A folder of refs can have the name of a ref that is packed.
    if let found = files.status(path), found.st_mode & S_IFMT != S_IFDIR || name == Array("HEAD".utf8) {
      guard let text = try files.read(path, limit: 1 << 16) else { return nil }
      if text.starts(with: "ref:".utf8) {
        return .ref(Self.trimmed(Array(text.dropFirst(4).drop { " \t\r\n".utf8.contains($0) })))
      }
      guard let id = GitObjectID(hex: text) else {
        throw GitProblem("\(quoted: String(decoding: name, as: UTF8.self)) holds no commit id")
      }
      return .object(id)
    }
    return try packedValue(of: name).map { .object($0) }
  }

  /// Returns the value of a ref in packed-refs, whose lines are `ID REF`; nil if it has no such line.
  private func packedValue(of name: [UInt8]) throws(GitProblem) -> GitObjectID? {
    guard let bytes = try files.read(commonFolder + "packed-refs".utf8, limit: Self.packedRefsLimit) else { return nil }
    var start = 0
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
      let line = bytes[start..<end]
      if line.count > name.count, line.suffix(name.count).elementsEqual(name),
        line[line.endIndex - name.count - 1] == UInt8(ascii: " "), let id = GitObjectID(hex: line),
        line.count == id.bytes.count * 2 + 1 + name.count
      {
        return id
      }
      start = end + 1
      if start & 0xFFFF < 64 { try files.checkStopped() }
    }
    return nil
  }

  /// Returns whether a name is that of a ref below `refs/`, and leads to no other folder.
  private static func isRefName(_ name: [UInt8]) -> Bool {
    let parts = name.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    return name.starts(with: "refs/".utf8) && name.count < 4096 && !name.contains { $0 < 32 || $0 == 127 }
      && parts.count > 1 && parts.allSatisfy { !$0.isEmpty && $0.first != UInt8(ascii: ".") }
  }
}
