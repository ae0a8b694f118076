// Checks the links of the Markdown files.

import Foundation
import Testing
import WinitTestSupport

@Suite struct LinkTests {
  @Test func `every relative link and anchor in the Markdown files points to something that exists`() throws {
    let files = try MarkdownFile.all()
    let anchors = Dictionary(uniqueKeysWithValues: files.map { ($0.path, $0.anchors) })
    for path in ["README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/law.md", ".github/PULL_REQUEST_TEMPLATE.md"] {
      #expect(anchors[path] != nil, "\(path) was not checked")
    }
    var checked = 0
    for file in files {
      for link in file.links where link.target.wholeMatch(of: /[a-z][a-z0-9+.-]*:.*/) == nil {
        checked += 1
        let problem = try problem(of: link.target, in: file.path, anchors)
        #expect(problem == nil, "\(file.path):\(link.line): \(link.target): \(problem ?? "")")
      }
    }
    #expect(checked > 60)
  }

  @Test func `a link to a missing file, folder or heading is found`() throws {
    let anchors = ["README.md": Set(["usage"]), "docs/a.md": []]
    for target in ["README.md", "#usage", "docs", "Package.swift"] {
      #expect(try problem(of: target, in: "README.md", anchors) == nil)
    }
    #expect(try problem(of: "../README.md#usage", in: "docs/a.md", anchors) == nil)
    for target in ["nothing.md", "#use", "docs/nothing/", "README.md#use", "Package.swift#usage"] {
      #expect(try problem(of: target, in: "README.md", anchors) != nil)
    }
    #expect(try problem(of: "README.md", in: "docs/a.md", anchors) != nil)
  }

  /// Returns what is wrong with a relative link in a file; nil if the target exists.
  private func problem(of target: String, in file: String, _ anchors: [String: Set<String>]) throws -> String? {
    let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let path = try #require(parts[0].removingPercentEncoding)
    let folder = file.split(separator: "/").dropLast().map(String.init)
    var names = path.isEmpty ? file.split(separator: "/").map(String.init) : path.hasPrefix("/") ? [] : folder
    for name in path.split(separator: "/") where name != "." {
      if name != ".." {
        names.append(String(name))
      } else if names.popLast() == nil {
        return "the target is outside the repository"
      }
    }
    let resolved = names.joined(separator: "/")
    guard FileManager.default.fileExists(atPath: VectorFile.repository.path + "/" + resolved) else {
      return "the target does not exist"
    }
    guard parts.count == 2 else { return nil }
    guard let anchors = anchors[resolved] else { return "only Markdown files have anchors" }
    return anchors.contains(parts[1]) ? nil : "\(resolved) has no such heading"
  }
}
