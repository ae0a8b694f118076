// A span of time as a person types it.

import ArgumentParser

/// A span of time, such as `30d`, `12h`, `90m` or `2w`.
struct TimeSpan {
  let duration: Duration

  /// Reads an integer and a unit: `s`, `m`, `h`, `d` or `w`.
  init?(_ text: String) {
    let seconds: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604_800]
    guard let unit = text.last.flatMap({ seconds[$0] }), let count = Int(text.dropLast()),
      (0...1_000_000).contains(count)
    else { return nil }
    duration = .seconds(count * unit)
  }

  /// Reads the value of an option.
  @Sendable
  static func parse(_ text: String) throws -> TimeSpan {
    guard let span = TimeSpan(text) else {
      throw ValidationError(
        "expected a span of time such as 30d, 12h or 2w: an integer from 0 to 1000000, and s, m, h, d or w")
    }
    return span
  }
}
