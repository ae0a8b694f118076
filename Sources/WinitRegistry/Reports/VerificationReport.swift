// The JSON of `verify`.

package import WinitJSON

extension VerificationSummary {
  /// The results of all runs.
  package var jsonValue: JSONValue {
    [
      "matches": .bool(matches), "runs": .array(results.map(\.jsonValue)),
      "skipped": .strings(skipped.map(\.reference)), "resumed_after": .integer(resumedAfter),
      "failed_before": .strings(failedBefore.map(\.reference)),
      "errors": .array(
        failures.map { ["reference": .string($0.run.reference), "message": .string($0.error.message)] }),
    ]
  }
}

extension Verification {
  /// The result of one run.
  package var jsonValue: JSONValue {
    var members: [JSONValue.Member] = [
      .init("reference", .string(run.reference)), .init("id", .string(run.id.description)),
      .init("matches", .bool(matches)), .init("level", .string(level?.rawValue ?? "against")),
    ]
    if let sampledFrom { members.append(.init("sampled_from", .integer(sampledFrom))) }
    if let against {
      members += [.init("against", .string(against)), .init("file_chunks", .integer(fileChunks))]
    } else {
      members += [
        .init("stored_chunks", .integer(storedChunks)), .init("regenerated_chunks", .integer(regeneratedChunks)),
      ]
    }
    members += [
      .init("byte_count", .integer(byteCount)), .init("findings", .array(findings.map(\.jsonValue))),
    ]
    return .object(members)
  }
}

extension Verification.Finding {
  package var jsonValue: JSONValue {
    var members: [JSONValue.Member] = [.init("kind", .string(kind.rawValue))]
    if let tensor { members.append(.init("tensor", .string(tensor))) }
    members.append(.init("message", .string(message)))
    if let difference {
      members += [
        .init("element", .integer(difference.element)), .init("index", .integers(difference.coordinates)),
        .init("expected", .string(difference.expected)), .init("found", .string(difference.found)),
        .init("differing_elements", .integer(difference.count)),
      ]
    }
    if !chunks.isEmpty { members.append(.init("chunks", .integers(chunks))) }
    if !ranges.isEmpty {
      members.append(.init("ranges", .array(ranges.map { .integers([$0.lowerBound, $0.upperBound]) })))
    }
    if let likelyCause { members.append(.init("likely_cause", .string(likelyCause))) }
    return .object(members)
  }
}
