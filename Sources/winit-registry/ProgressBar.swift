// Progress on stderr, where that is a terminal and the work is long.

import Foundation
import WinitRegistry

/// Reports progress and checks for an interruption. Prints nothing unless stderr is a terminal and half a second has
/// passed; what it printed is gone when it is.
final class ProgressBar {
  /// What is counted.
  enum Unit { case bytes, count }

  private let label: String
  private let unit: Unit
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let start = ContinuousClock.now
  private var lastDrawn = ContinuousClock.now
  private var drawn = false

  init(_ label: String, unit: Unit = .bytes) {
    self.label = label
    self.unit = unit
    _ = Interruption.shared
  }

  deinit { if drawn { write("\r\u{1B}[K") } }

  func update(_ done: Int, _ total: Int) throws {
    try Interruption.shared.check()
    let now = ContinuousClock.now
    guard isTerminal, total > 0, now - start > .milliseconds(500), now - lastDrawn > .milliseconds(100) else {
      return
    }
    lastDrawn = now
    drawn = true
    let width = 30
    let filled = Int(Double(done) / Double(total) * Double(width))
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    let amounts =
      unit == .bytes ? "\(humanBytes(done)) of \(humanBytes(total))" : "\(done) of \(total)"
    write("\r\u{1B}[K\(label) \(bar) \(done * 100 / total)%  \(amounts)")
  }

  private func write(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }
}
