// Progress on standard error.

import Foundation
import WinitRegistry

/// Shows the progress of an operation, and stops the operation after an interruption. Prints only to a terminal, and
/// only after half a second; erases the bar when the operation ends.
final class ProgressBar {
  /// The unit of progress.
  enum Unit { case bytes, count }

  private let label: String
  private let unit: Unit
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let start = ContinuousClock.now
  private var lastDrawn = ContinuousClock.now
  private var isDrawn = false

  init(_ label: String, unit: Unit = .bytes) {
    self.label = label
    self.unit = unit
    _ = Interruption.shared
  }

  deinit { if isDrawn { write("\r\u{1B}[K") } }

  /// Draws the bar.
  ///
  /// - Throws: `Interrupted` after a signal, which stops the operation.
  func update(_ done: Int, _ total: Int) throws {
    try Interruption.shared.check()
    let now = ContinuousClock.now
    guard isTerminal, total > 0, now - start > .milliseconds(500), now - lastDrawn > .milliseconds(100) else {
      return
    }
    lastDrawn = now
    isDrawn = true
    let width = 30
    let filled = Int(Double(done) / Double(total) * Double(width))
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    let amounts =
      unit == .bytes ? "\(humanBytes(done)) of \(humanBytes(total))" : "\(done) of \(total)"
    write("\r\u{1B}[K\(label) \(bar) \(done * 100 / total)%  \(amounts)")
  }

  private func write(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }
}
