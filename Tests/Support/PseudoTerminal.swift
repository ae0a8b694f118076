// Runs the command in a terminal of a given width.

import Foundation

/// A terminal, made by the system, of which a test reads what a program prints.
package final class PseudoTerminal {
  private let master: Int32
  private let slave: Int32
  private let path: String

  /// A call of the system that failed.
  package struct Failure: Error {
    package let code = errno
  }

  /// Creates a terminal whose window has this number of columns.
  package init(columns: Int) throws {
    var (master, slave): (Int32, Int32) = (-1, -1)
    var name = [CChar](repeating: 0, count: 256)
    var size = winsize(ws_row: 24, ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
    guard openpty(&master, &slave, &name, nil, &size) == 0 else { throw Failure() }
    (self.master, self.slave) = (master, slave)
    path = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { close(master) }

  /// Runs the command in a folder, with its standard output in the terminal, and returns the lines that it prints.
  package func lines(
    of arguments: [String], in folder: TemporaryFolder, environment: [String: String] = [:]
  ) throws -> [String] {
    // $COLUMNS, where a shell exports it, has precedence over the window.
    let process = try ChildProcess(
      Command.path, arguments, in: folder.url.path,
      environment: ["WINIT_REGISTRY": "", "COLUMNS": ""].merging(environment) { $1 }, terminal: path)
    // The program has opened the terminal; when it ends, the last user is gone, and reading ends.
    close(slave)
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = read(master, &buffer, buffer.count)
      if count <= 0 { break }
      bytes += buffer[..<count]
    }
    _ = process.wait()
    let text = String(decoding: bytes, as: UTF8.self).replacingOccurrences(of: "\r\n", with: "\n")
    return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
  }
}
