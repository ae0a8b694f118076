// The result of identify.

import WinitCore

/// The runs of a registry whose tensors a checkpoint holds.
package struct Identification: Sendable {
  /// A run with tensors that the checkpoint holds.
  package struct Match: Sendable {
    package let run: Run
    /// The tensors of the run that the checkpoint holds, each with the name that it has there.
    package let found: [(name: String, foundAs: String)]
    /// The names of the other tensors of the run.
    package let absent: [String]

    /// Whether the checkpoint holds every tensor of the run.
    package var isWhole: Bool { absent.isEmpty }
    package var tensorCount: Int { found.count + absent.count }
    /// The tensors that have another name in the checkpoint.
    package var renamed: [(name: String, foundAs: String)] {
      found.filter { TensorName($0.name) != TensorName($0.foundAs) }
    }
  }

  /// The path of the checkpoint.
  package let path: String
  /// The number of tensors of the checkpoint.
  package let tensorCount: Int
  /// The number of tensors of the checkpoint that no listed run holds. A tensor whose elements are all equal, which
  /// identifies no run, counts too.
  package let unidentifiedCount: Int
  /// The number of runs that were found.
  package let matchCount: Int
  /// The runs: whole runs first, then by the number of tensors, then by that of equal names.
  package private(set) var matches: [Match]
  package let duration: Duration

  init(path: String, tensorCount: Int, unidentifiedCount: Int, matches: [Match], duration: Duration) {
    (self.path, self.tensorCount, self.unidentifiedCount) = (path, tensorCount, unidentifiedCount)
    (matchCount, self.matches, self.duration) = (matches.count, matches, duration)
  }

  /// Returns this result with at most a number of runs.
  package func limited(to count: Int) -> Identification {
    var limited = self
    limited.matches = Array(matches.prefix(count))
    return limited
  }
}
