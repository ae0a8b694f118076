import Foundation
import TestSupport
import Testing

@Suite struct DocumentationTests {
  /// The commands and their help, as docs/commands.md holds them.
  private func reference() throws -> String {
    let place = try Workplace()
    var text = """
      # Commands

      What `winit-registry --help` says, and the help of each subcommand.

      """
    for command in ["", "create", "get", "verify", "list", "show", "version"] {
      let words = (command + " --help").trimmingCharacters(in: .whitespaces)
      let help = try Command.run(
        words.split(separator: " ").map(String.init), in: place.folder, environment: ["COLUMNS": "100"])
      #expect(help.status == 0)
      text +=
        "\n## winit-registry\(command.isEmpty ? "" : " " + command)\n\n```\n\(help.output.trimmingCharacters(in: .newlines))\n```\n"
    }
    return text
  }

  @Test("docs/commands.md is the help of every command (WINIT_RECORD=1 writes it anew)")
  func commands() throws {
    let file = VectorFile.repository.appending(path: "docs/commands.md")
    let reference = try reference()
    if ProcessInfo.processInfo.environment["WINIT_RECORD"] != nil {
      try reference.write(to: file, atomically: true, encoding: .utf8)
    }
    #expect(try String(contentsOf: file, encoding: .utf8) == reference)
  }

  @Test("every file that the documents point to is there")
  func links() throws {
    let root = VectorFile.repository
    var checked = 0
    for document in [
      "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/law.md", "docs/manifest.md", "docs/spec.md",
      "docs/store.md",
    ] {
      let folder = root.appending(path: document).deletingLastPathComponent()
      let text = try String(contentsOf: root.appending(path: document), encoding: .utf8)
      for match in text.matches(of: /\]\(([^)#:]+)(#[^)]*)?\)/) {
        checked += 1
        let target = folder.appending(path: String(match.1)).path
        #expect(FileManager.default.fileExists(atPath: target), "\(document) points to \(match.1)")
      }
    }
    #expect(checked > 10)
  }
}
