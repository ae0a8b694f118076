// Verifications of many runs: what they saw is recorded, and they go on after an interruption.

import WinitCore
public import WinitJSON
public import WinitStorage

extension Registry {
  /// Begins a verification of many runs.
  ///
  /// - Parameters:
  ///   - selection: which runs, at which level, in words that are the same the next time.
  ///   - resuming: whether the newest one of the same selection that was not finished is to go on; where there is none,
  ///     a new one begins.
  public func beginPass(_ selection: JSONValue, resuming: Bool) throws -> VerificationPass {
    if resuming, let pass = try store.unfinishedPass(selection) { return pass }
    return try store.beginPass(selection)
  }

  /// Ends it.
  public func finish(_ pass: VerificationPass) throws { try store.finish(pass) }

  /// Puts a verification's outcome into the history, and into the pass it is part of.
  public func record(_ verification: Verification, in pass: VerificationPass? = nil) throws {
    var detail: [JSONValue.Member] = [
      .init("matches", .bool(verification.matches)), .init("level", .string(verification.level)),
    ]
    if let against = verification.against {
      detail.append(.init("against", .string(String(against.split(separator: "/").last ?? ""))))
    }
    if !verification.matches {
      let tensors = Set(verification.findings.compactMap(\.tensor)).map(\.string).sorted()
      detail += [
        .init("findings", .integer(verification.findings.count)),
        .init("tensors", .array(tensors.prefix(10).map { .string($0) })),
      ]
    }
    try store.record(
      Event("verify", .object(detail), by: currentActor()), verification.run, matches: verification.matches,
      in: pass)
  }

  /// Shares a sample of chunks out among runs, at random, by their sizes.
  ///
  /// - Returns: for each run how many of its chunks are to be looked at.
  public func allocateSample(ofSample count: Int, among runs: [Run]) -> [Int] {
    var shares = [Int](repeating: 0, count: runs.count)
    var ends: [Int] = []
    for run in runs { ends.append((ends.last ?? 0) + min(max(run.byteCount, 1), Registry.largestRun)) }
    guard let total = ends.last else { return [] }
    // No more than there are: a tensor has a chunk for each MiB and one more at its end.
    let most = runs.reduce(0) {
      $0 + min($1.byteCount, Registry.largestRun) / chunkSize + min($1.tensorCount, 1 << 24)
    }
    for _ in 0..<min(count, most) {
      let place = Int.random(in: 0..<total)
      // The first run that ends beyond the place.
      var (low, high) = (0, ends.count - 1)
      while low < high {
        let middle = (low + high) / 2
        if ends[middle] > place { high = middle } else { low = middle + 1 }
      }
      shares[low] += 1
    }
    return shares
  }
}
