// The line at the bottom of a terminal that shows progress: who draws it, and who erases it before other text.

import Foundation
import Synchronization
import WinitCore

/// The status line on standard error. Any thread may print lines meanwhile: they erase it, and the next progress draws
/// it again.
enum StatusLine {
  /// Whether standard error is a terminal.
  static let isTerminal = isatty(STDERR_FILENO) == 1

  /// Whether standard output was a terminal at the start. After a hang-up the system no longer tells.
  static let outputWasTerminal = isatty(STDOUT_FILENO) == 1

  /// Whether standard error carries errors only, because a program reads it.
  static var isSilent: Bool { StandardError.isJSON }

  /// Whether the terminal can draw over a line.
  static let canDraw: Bool = {
    let kind = environmentVariable("TERM") ?? ""
    return isTerminal && !isSilent && !kind.isEmpty && kind != "dumb"
  }()

  /// Whether the terminal shows the characters of a bar.
  static let hasBlocks: Bool = {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap(environmentVariable).first { !$0.isEmpty } ?? ""
    return locale.lowercased().replacingOccurrences(of: "-", with: "").hasSuffix("utf8")
  }()

  private static let drawn = Mutex(false)
  private static let stops = Atomic(0)

  /// How often the process was stopped and continued.
  static var stopCount: Int { stops.load(ordering: .relaxed) }

  /// Forgets the line after the process was stopped: it is drawn again, and the time of the stop does not count.
  static func restart() { stops.add(1, ordering: .relaxed) }

  /// The number of columns of the terminal now.
  static var columns: Int {
    var size = winsize()
    return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
  }

  /// Draws a line over the last one. In the background, where another program uses the terminal, draws nothing.
  static func draw(_ line: String) {
    drawn.withLock { drawn in
      // The terminal of another session has no foreground for this process.
      guard [getpgrp(), -1].contains(tcgetpgrp(STDERR_FILENO)) else { return }
      write("\r\u{1B}[K\(line)")
      drawn = true
    }
  }

  /// Erases the line if it is drawn.
  static func erase() {
    drawn.withLock { drawn in
      if drawn { write("\r\u{1B}[K") }
      drawn = false
    }
  }

  private static func write(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }
}
