// The state of the git checkout that contains the current folder, for the record of a run.

import Dispatch
import Foundation
import Synchronization
import WinitFiles
import WinitJSON

/// The commit and the changes of the checkout, which a thread reads in the background.
///
/// git is not run, because it runs what the configuration of a repository names: filters, hooks, monitors of the file
/// system, programs that fetch missing objects.
final class GitStatus: Sendable {
  /// What is known of a checkout.
  struct Record: Sendable, Equatable {
    var commit: String?
    /// Whether tracked files had changes that were not committed; nil if the index cannot tell.
    var isDirty: Bool?
    /// The reason why the commit is not recorded.
    var problem: String?

    /// The record of a run, in which `problem` occurs only if there is no commit.
    var json: JSONValue {
      var members: [JSONValue.Member] = [
        .init("commit", commit.map(JSONValue.string) ?? .null), .init("dirty", isDirty.map(JSONValue.bool) ?? .null),
      ]
      if let problem { members.append(.init("problem", .string(problem))) }
      return .object(members)
    }
  }

  private let files: GitFiles
  private let record = Mutex<Record?>(Record(problem: "the checkout could not be read within 5 seconds"))
  private let finished = DispatchSemaphore(value: 0)
  /// The maximum time to wait. A very large checkout, or one on a slow file system, is recorded without `dirty`, or
  /// without the commit.
  private static let timeout = Duration.seconds(5)

  /// Starts to read the checkout. Returns nil if the current folder cannot be opened.
  init?() {
    guard let files = GitFiles() else { return nil }
    self.files = files
    // A thread of its own: the threads of the shared queues may all be busy.
    let thread = Thread { [self] in
      read()
      finished.signal()
    }
    thread.name = "git"
    thread.start()
  }

  private func read() {
    do {
      guard let checkout = try GitCheckout(containing: files) else { return record.withLock { $0 = nil } }
      let commit = try checkout.commit()
      record.withLock { $0 = Record(commit: commit.description) }
      let isDirty = checkout.isDirty(commit)
      record.withLock { $0?.isDirty = isDirty }
    } catch {
      record.withLock { $0 = Record(problem: "\(error)") }
    }
  }

  /// Waits for the thread, and returns what is known; nil if there is no checkout.
  ///
  /// - Parameter check: called ten times a second; an error that it throws ends the wait.
  func wait(_ check: () throws -> Void) throws -> Record? {
    let start = ContinuousClock.now
    defer { files.stop() }
    while finished.wait(timeout: .now() + .milliseconds(100)) == .timedOut {
      try check()
      if ContinuousClock.now - start > Self.timeout { break }
    }
    // A commit that is waited for again, after chunks were added again, does not wait.
    finished.signal()
    return record.withLock(\.self)
  }
}
