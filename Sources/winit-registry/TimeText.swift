// Times and spans as people type them.

import ArgumentParser
import Foundation
import WinitRegistry

/// A time: `2026-11-24`, `2026-11-24T10:00`, or so long ago: `7d`. Compared with times as they are recorded, in UTC.
struct TimeText: ExpressibleByArgument {
  /// UTC, ISO 8601, to the second.
  let iso: String
  /// As it was typed.
  let text: String

  init?(argument: String) {
    text = argument
    if let span = Span(argument: argument) {
      iso = Date.now.addingTimeInterval(-(span.duration / .seconds(1))).formatted(.iso8601)
      return
    }
    let pattern = /([0-9]{4}-[0-9]{2}-[0-9]{2})(T([0-9]{2}:[0-9]{2})(:[0-9]{2})?Z?)?/
    guard let match = argument.wholeMatch(of: pattern) else { return nil }
    let full = "\(match.1)T\(match.3 ?? "00:00")\(match.4 ?? ":00")Z"
    // Days that there are, and hours.
    guard let date = try? Date(full, strategy: .iso8601), date.formatted(.iso8601) == full else { return nil }
    iso = full
  }
}

/// A span of time: `30d`, `12h`, `90m`, `2w`.
struct Span: ExpressibleByArgument {
  let duration: Duration

  init?(argument: String) {
    let seconds: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604_800]
    guard let unit = argument.last.flatMap({ seconds[$0] }), let count = Int(argument.dropLast()),
      (0...1_000_000).contains(count)
    else { return nil }
    duration = .seconds(count * unit)
  }

  static let help = "such as 30d, 12h or 2w"
}
