// Times in UTC, to the second, as text.

package import Foundation

extension Date {
  /// The time in the form of ISO 8601 in which records hold it: `2026-11-24T17:18:19Z`. Fractions of a second are cut
  /// off.
  package var timeText: String {
    // Foundation makes a calendar for each text, which takes longer than the query of a list.
    let seconds = timeIntervalSince1970.rounded(.down)
    guard commonTimes.contains(seconds) else { return formatted(.iso8601) }
    let (days, second) = Int(seconds).quotientAndRemainder(dividingBy: 86_400)
    let date = CivilDate(daysSince1970: days)
    return String(unsafeUninitializedCapacity: 20) { buffer in
      func write(_ number: Int, _ place: Int, digits: Int) {
        var rest = number
        for index in (place..<place + digits).reversed() {
          buffer[index] = UInt8(ascii: "0") + UInt8(rest % 10)
          rest /= 10
        }
      }
      _ = buffer.initialize(from: "0000-00-00T00:00:00Z".utf8)
      write(date.year, 0, digits: 4)
      write(date.month, 5, digits: 2)
      write(date.day, 8, digits: 2)
      write(second / 3600, 11, digits: 2)
      write(second / 60 % 60, 14, digits: 2)
      write(second % 60, 17, digits: 2)
      return 20
    }
  }

  /// Reads a time of ISO 8601. Returns nil for any other text.
  package init?(timeText text: String) {
    if let date = Date(commonTimeText: text) {
      self = date
    } else {
      guard let date = try? Date(text, strategy: .iso8601) else { return nil }
      self = date
    }
  }

  /// Reads a time in the form of `timeText`, of the years 1970 to 9998. Returns nil for any other text.
  private init?(commonTimeText text: String) {
    let digits = Array(text.utf8)
    guard digits.count == 20 else { return nil }
    for (byte, form) in zip(digits, "0000-00-00T00:00:00Z".utf8) {
      guard form == UInt8(ascii: "0") ? (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) : byte == form else {
        return nil
      }
    }
    func number(_ places: Range<Int>) -> Int {
      digits[places].reduce(0) { 10 * $0 + Int($1 - UInt8(ascii: "0")) }
    }
    let date = CivilDate(year: number(0..<4), month: number(5..<7), day: number(8..<10))
    let (hour, minute, second) = (number(11..<13), number(14..<16), number(17..<19))
    guard (1970..<9999).contains(date.year), hour < 24, minute < 60, second < 60,
      CivilDate(daysSince1970: date.daysSince1970) == date
    else { return nil }
    self.init(timeIntervalSince1970: Double(86_400 * date.daysSince1970 + 3600 * hour + 60 * minute + second))
  }
}

/// The seconds from 1970 to 9998, whose years have four digits.
private let commonTimes = 0..<253_370_764_800.0

/// A day of the Gregorian calendar.
private struct CivilDate: Equatable {
  let year, month, day: Int

  /// The day of the year that begins on 1 March, before each month from March on.
  private static func dayOfYear(beforeMonth month: Int) -> Int { (153 * month + 2) / 5 }

  init(year: Int, month: Int, day: Int) { (self.year, self.month, self.day) = (year, month, day) }

  /// Creates the date of a day from 1970-01-01 on.
  init(daysSince1970 days: Int) {
    // Years begin in March, so that a leap day is the last day of a year. 719,468 days before 1970 began the year 0.
    let (era, dayOfEra) = (days + 719_468).quotientAndRemainder(dividingBy: 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let month = (5 * dayOfYear + 2) / 153
    self.init(
      year: 400 * era + yearOfEra + (month < 10 ? 0 : 1), month: month < 10 ? month + 3 : month - 9,
      day: dayOfYear - Self.dayOfYear(beforeMonth: month) + 1)
  }

  /// The number of days from 1970-01-01 on. For a day that does not exist, such as 30 February, that of a later day.
  var daysSince1970: Int {
    let year = month > 2 ? year : year - 1
    let (era, yearOfEra) = year.quotientAndRemainder(dividingBy: 400)
    let dayOfYear = Self.dayOfYear(beforeMonth: month > 2 ? month - 3 : month + 9) + day - 1
    return 146_097 * era + 365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }
}
