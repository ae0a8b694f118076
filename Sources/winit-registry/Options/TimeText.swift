// A time as a person types it.

import ArgumentParser
import Foundation
import WinitRegistry

/// A time: `2026-11-24`, `2026-11-24T10:00`, or an age such as `7d`. Compared with recorded times, which are in UTC.
struct TimeText {
  /// The time, to the second.
  let date: Date
  /// The time as it was typed.
  let text: String

  /// Reads a date, a date and a time, or an age.
  init?(_ text: String) {
    self.text = text
    if let span = TimeSpan(text) {
      date = Date.now.addingTimeInterval(-(span.duration / .seconds(1)))
      return
    }
    let pattern = /([0-9]{4}-[0-9]{2}-[0-9]{2})(T([0-9]{2}:[0-9]{2})(:[0-9]{2})?Z?)?/
    guard let match = text.wholeMatch(of: pattern) else { return nil }
    let full = "\(match.1)T\(match.3 ?? "00:00")\(match.4 ?? ":00")Z"
    // Rejects days and hours that do not exist.
    guard let date = try? Date(full, strategy: .iso8601), date.formatted(.iso8601) == full else { return nil }
    self.date = date
  }

  /// Reads the value of an option.
  @Sendable
  static func parse(_ text: String) throws -> TimeText {
    guard let time = TimeText(text) else {
      throw ValidationError(
        "expected a date (2026-11-24), a date and a time in UTC (2026-11-24T10:00), or an age (7d, 12h, 2w)")
    }
    return time
  }
}
