// Replays the console sessions of the documents.

import Foundation
import Testing
import WinitTestSupport

// In the suite of the large models, which runs one test at a time: the sessions need 3 GB of disk.
extension ModelTests {
  /// The Markdown files that have console blocks.
  private static var documents: [String] {
    get throws {
      try MarkdownFile.all().filter { !Session.commands(inMarkdown: $0.text).isEmpty }.map(\.path)
    }
  }

  @Test(arguments: try documents)
  func `the console blocks of the documents show what the command prints`(document: String) throws {
    let file = VectorFile.repository.appending(path: document)
    let text = try String(contentsOf: file, encoding: .utf8)
    let place = try Workplace()
    try FileManager.default.createSymbolicLink(
      at: place.folder.url.appending(path: "specs"),
      withDestinationURL: VectorFile.repository.appending(path: "specs"))
    var changes: [(SessionCommand, [String])] = []
    for command in Session.commands(inMarkdown: text) {
      let printed = Session.printedLines(try place.shell("{ \(command.text)\n} 2>&1").output)
      if isRecording {
        if !matches(command.output, printed) { changes.append((command, printed)) }
      } else {
        #expect(
          matches(command.output, printed),
          "\(document):\(command.line): \(command.text) prints\n\(printed.joined(separator: "\n"))")
      }
    }
    if !changes.isEmpty {
      try Session.replacing(changes, in: text).write(to: file, atomically: true, encoding: .utf8)
    }
  }

  /// True if the output is the documented one, except for durations and times, and for sizes of `du`, which may differ by
  /// a tenth.
  private func matches(_ documented: [String], _ printed: [String]) -> Bool {
    documented.count == printed.count
      && zip(documented, printed).allSatisfy { documented, printed in
        if let expected = diskUsage(documented), let found = diskUsage(printed) {
          return expected.path == found.path && abs(expected.size - found.size) * 10 <= expected.size
        }
        return Session.withoutTimes(documented) == Session.withoutTimes(printed)
      }
  }

  /// Reads a line of `du`.
  private func diskUsage(_ line: String) -> (size: Int, path: Substring)? {
    line.wholeMatch(of: /([0-9]+)\t(.+)/).flatMap { match in Int(match.1).map { ($0, match.2) } }
  }
}
