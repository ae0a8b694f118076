// Numbers, sizes and times as text.

import Foundation
import WinitCore

/// Formats a size in powers of 1000, with three digits: `498 MB`, `32.1 GB`.
func humanBytes(_ count: Int) -> String {
  scaled(count, ["B", "kB", "MB", "GB", "TB", "PB", "EB"], separator: " ")
}

/// Formats a count in powers of 1000, with three digits: `124 M`, `8.03 G`.
func humanCount(_ count: Int) -> String { scaled(count, ["", "k", "M", "G", "T", "P", "E"], separator: " ") }

private func scaled(_ count: Int, _ units: [String], separator: String) -> String {
  var value = Double(count)
  var unit = 0
  while value >= 999.5, unit < units.count - 1 {
    value /= 1000
    unit += 1
  }
  if unit == 0 { return "\(count)" + (units[0].isEmpty ? "" : separator + units[0]) }
  let digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0
  return decimal(value, digits: digits) + separator + units[unit]
}

/// Formats an exact count with a comma between groups of three digits: `4,998`.
func grouped(_ count: Int) -> String {
  var text = ""
  for (index, digit) in String(count.magnitude).reversed().enumerated() {
    text = String(digit) + (index > 0 && index % 3 == 0 ? "," : "") + text
  }
  return (count < 0 ? "-" : "") + text
}

/// Formats a count and a noun: `1 run`, `2 runs`.
func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

/// Formats a count and a noun with an irregular plural: `2 diagnoses`.
func counted(_ count: Int, _ noun: String, _ plural: String) -> String { "\(count) \(count == 1 ? noun : plural)" }

/// Formats a duration: `317 ms`, `1.8 s`.
func humanDuration(_ duration: Duration) -> String {
  let seconds = duration / .seconds(1)
  return seconds < 1 ? decimal(seconds * 1000, digits: 0) + " ms" : decimal(seconds, digits: 1) + " s"
}

/// Returns a time in UTC, to the minute: `2026-11-24 17:18`.
func humanTime(_ date: Date) -> String {
  String(date.timeText.prefix(16).map { $0 == "T" ? " " : $0 })
}
