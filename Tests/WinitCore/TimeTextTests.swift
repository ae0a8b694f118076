// Times as text, compared with Foundation's, which is slower.

import Foundation
import Testing
import WinitCore

@Suite struct TimeTextTests {
  @Test func `a time has the text that Foundation gives it, from before 1970 to after 9999`() {
    var generator = SystemRandomNumberGenerator()
    // Each day of 400 years has its turn within 2,800 years, and a fraction of a second is never rounded up.
    let days = stride(from: -40_000.0, to: 3_100_000, by: 7).map {
      86_400 * $0 + .random(in: 0..<86_400, using: &generator)
    }
    let edges: [Double] = [
      -1, -0.001, 0, 0.999_999_9, 951_782_400, 951_868_799.5, 4_107_542_400, 253_370_764_799.9, 253_370_764_800,
      253_402_300_800,
    ]
    for seconds in days + edges {
      let date = Date(timeIntervalSince1970: seconds)
      #expect(date.timeText == date.formatted(.iso8601), "\(seconds)")
    }
  }

  @Test func `a text is the time that Foundation reads, or none`() {
    let days = [
      "1970-01-01", "1999-12-31", "2000-02-29", "2023-02-29", "2024-02-29", "2024-02-30", "2024-04-31", "2100-02-29",
      "2026-00-10", "2026-13-01", "2026-01-00", "2026-01-32", "0000-01-01", "1969-12-31", "9998-12-31", "9999-12-31",
    ]
    let times = ["00:00:00Z", "23:59:59Z", "24:00:00Z", "12:60:00Z", "12:00:60Z", "12:00:61Z", "1:00:00Z"]
    let others = [
      "", "2026-11-24T17:18:19", "2026-11-24T17:18:19z", "2026-11-24 17:18:19Z", "2026-11-24T17:18:19+01:00",
      "2026-11-24T17:18:19.5Z", "+026-11-24T17:18:19Z", "2026-11-24T17:18:1\u{0}Z", "2026-11-24T17:18:1éZ",
      "2026-11-24T17:18:19ZZ", "２026-11-24T17:18Z",
    ]
    for text in days.flatMap({ day in times.map { "\(day)T\($0)" } }) + others {
      #expect(Date(timeText: text) == (try? Date(text, strategy: .iso8601)), "\(text)")
    }
  }

  @Test func `a number has the digits that C's printf gives it`() {
    var generator = SystemRandomNumberGenerator()
    let random = (0..<20_000).map { _ in Double.random(in: 0..<1, using: &generator) * pow(10, .random(in: -6...15)) }
    // Halves, of which the even digit is chosen, and the numbers at which the method changes.
    let ties = (0..<4000).map { Double($0) / 8 } + (0..<40).map { Double($0) / 2 }
    let edges: [Double] = [
      0, -0.0, .leastNonzeroMagnitude, .leastNormalMagnitude, 0x1p-12, 0x1p-11, 0x1p52, 0x1p52 - 0.5, 0x1p51 + 0.5,
      999.494_999, 999.5, 0.004_999_999_999_999_999, -1.25, 1e300, .infinity, .nan,
    ]
    for value in random + ties + edges {
      for digits in 0...2 {
        #expect(decimal(value, digits: digits) == String(format: "%.\(digits)f", value), "\(value), \(digits)")
      }
    }
  }
}
