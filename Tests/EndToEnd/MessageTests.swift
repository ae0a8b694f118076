// Compares what the command prints with Tests/Golden/messages.txt, the only test of the wording.

import Foundation
import Testing
import WinitRegistry
import WinitTestSupport

/// Tests/Golden/messages.txt: sections of command lines, each with its standard output, its standard error and its exit
/// status. The head of the file describes the form.
private enum Golden {
  static let file = VectorFile.repository.appending(path: "Tests/Golden/messages.txt")

  /// Returns the commands of every section of the file.
  static func sections(of text: String) -> [[SessionCommand]] {
    var sections: [[SessionCommand]] = []
    for (index, line) in Session.lines(text).enumerated() {
      if line.hasPrefix("== ") {
        sections.append([])
      } else if !sections.isEmpty {
        Session.add(line, number: index + 1, to: &sections[sections.count - 1])
      }
    }
    return sections
  }

  /// Returns the code of the error that a command line ends with, which the comment at its end names.
  static func code(of command: SessionCommand) -> RegistryError.Code? {
    guard let comment = command.text.wholeMatch(of: /.* # (\w+)/) else { return nil }
    let code = RegistryError.Code(rawValue: String(comment.1))
    #expect(code != nil, "line \(command.line): there is no code \(comment.1)")
    return code
  }
}

@Suite struct MessageTests {
  @Test func `the command prints what Tests/Golden/messages.txt records`() throws {
    let text = try String(contentsOf: Golden.file, encoding: .utf8)
    var changes: [(SessionCommand, [String])] = []
    for section in Golden.sections(of: text) {
      let place = try Workplace()
      try place.folder.write("t.yaml", tinySpec + "\n")
      for command in section {
        let printed = try output(of: command, in: place)
        if isRecording {
          changes.append((command, printed + [""]))
        } else {
          #expect(
            command.output == printed + [""],
            "line \(command.line): \(command.text) prints\n\(printed.joined(separator: "\n"))")
        }
        if let code = Golden.code(of: command) {
          #expect(printed.last == "[exit status \(RegistryError(code, "").exitStatus)]", "line \(command.line)")
          #expect(printed.contains { $0.hasPrefix("2> error: ") }, "line \(command.line)")
        }
      }
    }
    if isRecording {
      try Session.replacing(changes, in: text).write(to: Golden.file, atomically: true, encoding: .utf8)
    }
  }

  @Test func `Tests/Golden/messages.txt has an error of every code that the command can reach`() throws {
    let text = try String(contentsOf: Golden.file, encoding: .utf8)
    let recorded = Golden.sections(of: text).joined().compactMap(Golden.code)
    // tools/torture covers this one: it makes the command believe that the registry is on a network file system.
    let elsewhere: Set<RegistryError.Code> = [.networkFileSystem]
    #expect(Set(recorded) == Set(RegistryError.Code.allCases).subtracting(elsewhere))
  }

  /// Returns the standard output, the standard error and the exit status of a command line.
  private func output(of command: SessionCommand, in place: Workplace) throws -> [String] {
    if let flip = command.text.wholeMatch(of: /flip (\S+) (\S+)/) {
      try flipBit(of: String(flip.2), in: String(flip.1), place)
      return []
    }
    let outcome = try place.shell(
      command.text, environment: ["COLUMNS": "100", "LOGNAME": "sam", "WINIT_KERNEL": ""])
    let lines =
      Session.printedLines(outcome.output) + Session.printedLines(outcome.errors).map { "2> \($0)" }
      + (outcome.status == 0 ? [] : ["[exit status \(outcome.status)]"])
    return lines.map { withoutVariableParts($0, of: command.text, place) }
  }

  /// Changes a bit of the stored bytes of a tensor.
  private func flipBit(of tensor: String, in run: String, _ place: Workplace) throws {
    let before = try place.folder.contents()
    try place.succeed("get \(run) --tensor \(tensor) -o flipped.raw")
    let bytes = try place.folder.bytes("flipped.raw"), file = try place.folder.bytes("winit.sqlite")
    let start = try #require(Data(file).firstRange(of: Data(bytes))?.lowerBound)
    try overwrite(place.folder.path("winit.sqlite"), at: start, with: [bytes[0] ^ 1])
    try FileManager.default.removeItem(atPath: place.folder.path("flipped.raw"))
    #expect(try place.folder.contents() == before)
  }

  /// Returns a line with placeholders for what differs between two machines or two moments.
  private func withoutVariableParts(_ line: String, of command: String, _ place: Workplace) -> String {
    var line = Session.withoutTimes(line)
      .replacingOccurrences(of: place.folder.url.path, with: "<folder>")
      .replacingOccurrences(of: Registry.version, with: "<version>")
    if command.contains(" log") {
      // The columns are as wide as the name of the machine.
      line = line.replacing(/sam@\S+/, with: "sam@<host>").replacing(#/ {2,}/#, with: "  ")
    }
    if command.contains(#/ (backup|export|stats)/#) {
      // The size of a registry file depends on the length of the names in its history.
      line = line.replacing(/[0-9.]+ [kM]B/, with: "<size>")
    }
    if line.hasPrefix("kernel ") { line = "kernel          <kernel> (available: <kernels>)" }
    line = line.replacing(/(a kernel that this processor runs:) .+/) { "\($0.1) <kernels>" }
    return line
  }
}
