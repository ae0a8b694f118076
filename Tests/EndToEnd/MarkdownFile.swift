// Markdown files: the links and the anchors in them.

import Foundation
import WinitTestSupport

/// A Markdown file of the repository.
struct MarkdownFile {
  /// A link, and the number of its line, from 1.
  struct Link {
    let line: Int
    let target: String
  }

  /// The path from the root of the repository.
  let path: String
  let text: String
  /// The links outside code.
  let links: [Link]
  /// The names that a link to this file can have after `#`.
  let anchors: Set<String>

  init(_ path: String) throws {
    self.path = path
    text = try String(contentsOf: VectorFile.repository.appending(path: path), encoding: .utf8)
    var links: [Link] = []
    var anchors: Set<String> = []
    for (number, line) in MarkdownFile.linesOutsideCode(text) {
      if let heading = line.wholeMatch(of: /#{1,6}\s+(.*?)\s*#*/) {
        let name = MarkdownFile.anchor(of: String(heading.1))
        // A heading that occurs again gets a number.
        let copies = (0...).lazy.map { $0 == 0 ? name : "\(name)-\($0)" }
        if let free = copies.first(where: { !anchors.contains($0) }) { anchors.insert(free) }
      }
      let prose = line.replacing(/`[^`]*`/, with: "")
      for match in prose.matches(of: /<a\s+(?:id|name)="([^"]+)"/) { anchors.insert(String(match.1)) }
      let targets =
        prose.matches(of: /\]\(\s*<?([^)\s>]+)>?[^)]*\)/).map(\.1)
        + prose.matches(of: /^\s*\[[^\]]+\]:\s*(\S+)/).map(\.1)
        + prose.matches(of: /<(?:a|img)\s[^>]*(?:href|src)="([^"]+)"/).map(\.1)
      links += targets.map { Link(line: number, target: String($0)) }
    }
    self.links = links
    self.anchors = anchors
  }

  /// Returns the Markdown files of the repository, without those of packages and builds.
  static func all() throws -> [MarkdownFile] {
    let root = VectorFile.repository.path
    var files: [String] = []
    var folders = [""]
    while let folder = folders.popLast() {
      for name in try FileManager.default.contentsOfDirectory(atPath: root + "/" + folder) {
        let path = folder.isEmpty ? name : folder + "/" + name
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: root + "/" + path, isDirectory: &isFolder) else { continue }
        if isFolder.boolValue {
          if !name.hasPrefix(".") || name == ".github" { folders.append(path) }
        } else if name.hasSuffix(".md") {
          files.append(path)
        }
      }
    }
    return try files.sorted().map(MarkdownFile.init)
  }

  /// Returns the lines that are not in a code block, with their numbers.
  private static func linesOutsideCode(_ text: String) -> [(Int, String)] {
    var isCode = false
    return Session.lines(text).enumerated().compactMap { index, line in
      if line.drop(while: { $0 == " " }).hasPrefix("```") {
        isCode.toggle()
        return nil
      }
      return isCode ? nil : (index + 1, line)
    }
  }

  /// Returns the anchor that GitHub gives a heading: its letters, digits, `-` and `_` in lower case, and `-` for each space.
  private static func anchor(of heading: String) -> String {
    let text = heading.replacing(/\[([^\]]*)\]\([^)]*\)/) { $0.1 }.lowercased()
    let kept = text.unicodeScalars.filter { scalar in
      scalar.properties.isAlphabetic || scalar.properties.numericType != nil || "-_ ".unicodeScalars.contains(scalar)
    }
    return String(String.UnicodeScalarView(kept)).replacing(" ", with: "-")
  }
}
