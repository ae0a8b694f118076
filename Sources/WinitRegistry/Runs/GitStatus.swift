// The state of the git checkout that contains the current folder.

import Foundation
import WinitJSON

/// A process of `git status` that runs in the background.
final class GitStatus {
  private let process = Process()
  private let output = Pipe()
  /// The maximum time to wait for the output. On a very large checkout, the run is created without the commit.
  private static let timeout = Duration.seconds(5)

  /// Starts `git status`. Returns nil if the current folder is not in a checkout, or if git cannot be started.
  init?() {
    // The path is empty if the current folder was deleted.
    var folder = FileManager.default.currentDirectoryPath[...]
    while !FileManager.default.fileExists(atPath: folder + "/.git") {
      guard let slash = folder.lastIndex(of: "/") else { return nil }
      folder = folder[..<slash]
    }
    process.executableURL = URL(filePath: "/usr/bin/env")
    // The command changes no file, starts no file system monitor, and never prompts.
    process.arguments = [
      "git", "-c", "core.fsmonitor=false", "status", "--porcelain=v2", "--branch", "--untracked-files=no",
      "--ignore-submodules=all",
    ]
    process.environment = ProcessInfo.processInfo.environment.merging(
      ["GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"]) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return nil }
  }

  /// Waits for the output and returns `commit` and `dirty`; nil if git fails or takes too long.
  func wait() -> JSONValue? {
    let start = ContinuousClock.now
    var text = Data()
    let descriptor = output.fileHandleForReading.fileDescriptor
    // The output is read while git runs: git would wait when the pipe is full.
    while true {
      var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let rest = (GitStatus.timeout - (ContinuousClock.now - start)) / .milliseconds(1)
      guard rest > 0, Foundation.poll(&poll, 1, Int32(rest)) > 0 else {
        process.terminate()
        return nil
      }
      let piece = output.fileHandleForReading.availableData
      if piece.isEmpty { break }
      text += piece
    }
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { return nil }
    let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
    guard let commit = lines.first(where: { $0.hasPrefix("# branch.oid ") })?.split(separator: " ").last
    else { return nil }
    return ["commit": .string(String(commit)), "dirty": .bool(lines.contains { !$0.hasPrefix("#") })]
  }
}
