// The width of a terminal.

import Foundation
import WinitCore

/// The terminal of a standard stream.
enum Terminal {
  /// Returns the number of columns of the terminal of a file descriptor: $COLUMNS if it is set, else the width of the
  /// window, else 80. Returns nil if the descriptor is not a terminal.
  static func width(of descriptor: Int32) -> Int? {
    guard isatty(descriptor) == 1 else { return nil }
    let variable = environmentVariable("COLUMNS").flatMap { Int($0) } ?? 0
    if variable > 0 { return variable }
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }
}
