// A time as a person types it.

import ArgumentParser
import Foundation
import WinitCore
import WinitRegistry

/// A time: `2026-11-24`, `2026-11-24T10:00`, `yesterday`, `monday`, or an age such as `7d`. Compared with recorded
/// times, which are in UTC.
struct TimeText {
  /// The time, to the second.
  let date: Date
  /// The time as it was typed.
  let text: String

  /// Reads a date, a date and a time, a day by its name, or an age.
  init?(_ text: String) {
    self.text = text
    if let span = TimeSpan(text) {
      date = Date.now.addingTimeInterval(-(span.duration / .seconds(1)))
      return
    }
    if let day = TimeText.startOfDay(named: text.lowercased(), now: .now) {
      date = day
      return
    }
    let pattern = /([0-9]{4}-[0-9]{2}-[0-9]{2})([T ]([0-9]{2}:[0-9]{2})(:[0-9]{2})?(Z|([+-])([0-9]{2}):([0-9]{2}))?)?/
    guard let match = text.wholeMatch(of: pattern) else { return nil }
    let full = "\(match.1)T\(match.3 ?? "00:00")\(match.4 ?? ":00")Z"
    // Rejects days and hours that do not exist.
    guard let date = Date(timeText: full), date.timeText == full else { return nil }
    guard let sign = match.6, let hours = match.7.flatMap({ Int($0) }), let minutes = match.8.flatMap({ Int($0) })
    else {
      self.date = date
      return
    }
    guard hours < 24, minutes < 60 else { return nil }
    // East of Greenwich, the same clock time is earlier.
    self.date = date.addingTimeInterval(Double((sign == "+" ? -60 : 60) * (60 * hours + minutes)))
  }

  /// Returns the beginning of a day in UTC: `today`, `yesterday`, or the latest day with the name of a weekday, which
  /// may be today.
  private static func startOfDay(named name: String, now: Date) -> Date? {
    let days = Int((now.timeIntervalSince1970 / 86400).rounded(.down))
    let ago: Int
    switch name {
    case "today": ago = 0
    case "yesterday": ago = 1
    default:
      // Day 0, January 1st, 1970, was a Thursday.
      let weekdays = ["thursday", "friday", "saturday", "sunday", "monday", "tuesday", "wednesday"]
      guard let weekday = weekdays.firstIndex(of: name) else { return nil }
      ago = (days % 7 - weekday + 7) % 7
    }
    return Date(timeIntervalSince1970: Double((days - ago) * 86400))
  }

  /// Reads the value of an option.
  @Sendable
  static func parse(_ text: String) throws -> TimeText {
    guard let time = TimeText(text) else {
      throw ValidationError(
        "expected a date (2026-11-24), a date and a time (2026-11-24T10:00, in UTC, or 2026-11-24T10:00+01:00), today, yesterday, a weekday (monday), or an age (7d, 12h, 2w)"
      )
    }
    return time
  }
}
