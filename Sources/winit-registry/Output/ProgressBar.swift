// Progress on standard error.

import Foundation
import WinitRegistry

/// Shows the progress of an operation, and stops the operation after an interruption. Draws only on a terminal, and only
/// after half a second; erases the bar when the operation ends. A program that asks for it reads the progress as JSON.
final class ProgressBar {
  /// The unit of progress.
  enum Unit { case bytes, count }

  /// What the operation does, before the bar.
  var label: String
  private let unit: Unit
  private let start = ContinuousClock.now
  private var lastDrawn: ContinuousClock.Instant?
  private var lastReported: ContinuousClock.Instant?
  private var rate = ProgressRate()
  private var stopCount = StatusLine.stopCount

  init(_ label: String, unit: Unit = .bytes) {
    self.label = label
    self.unit = unit
    _ = Interruption.shared
  }

  deinit { StatusLine.erase() }

  /// Draws the bar.
  ///
  /// - Throws: `Interrupted` after a signal, which stops the operation.
  func update(_ done: Int, _ total: Int) throws {
    try Interruption.shared.check()
    if StandardError.carriesProgress, isDue(done == total) { StandardError.report(done, total) }
    guard StatusLine.canDraw, total > 0 else { return }
    let now = ContinuousClock.now
    if stopCount != StatusLine.stopCount {
      (stopCount, lastDrawn) = (StatusLine.stopCount, nil)
      rate = ProgressRate()
    }
    rate.add(done, at: now)
    guard now - start > .milliseconds(500), lastDrawn.map({ now - $0 > .milliseconds(100) }) ?? true else { return }
    lastDrawn = now
    let line = ProgressLine(
      label: printable(label), done: done, total: total, unit: unit, perSecond: rate.perSecond(at: now))
    // The last column stays empty: some terminals begin a new line after it.
    StatusLine.draw(line.text(columns: StatusLine.columns - 1, hasBlocks: StatusLine.hasBlocks))
  }
}

extension ProgressBar {
  /// Returns whether a program that reads the progress gets a line now: ten times a second, and at the end.
  private func isDue(_ isEnd: Bool) -> Bool {
    let now = ContinuousClock.now
    guard isEnd || lastReported.map({ now - $0 > .milliseconds(100) }) ?? true else { return false }
    lastReported = now
    return true
  }
}

/// The rate of an operation over the last seconds.
struct ProgressRate {
  private var samples: [(time: ContinuousClock.Instant, done: Int)] = []
  /// The time over which the rate is measured.
  private static let window = Duration.seconds(10)

  /// Adds what is done, at most twice a second.
  mutating func add(_ done: Int, at time: ContinuousClock.Instant) {
    if let last = samples.last, time - last.time < .milliseconds(500) { return }
    samples.append((time, done))
    while samples.count > 2, time - samples[1].time >= Self.window { samples.removeFirst() }
  }

  /// Returns the rate per second; nil if it is not known yet.
  func perSecond(at time: ContinuousClock.Instant) -> Double? {
    guard let first = samples.first, let last = samples.last, last.done > first.done,
      last.time - first.time >= .milliseconds(900)
    else { return nil }
    // The time since the last sample counts too, so that the rate falls if nothing moves.
    return Double(last.done - first.done) / (max(last.time - first.time, time - first.time - .seconds(1)) / .seconds(1))
  }
}
