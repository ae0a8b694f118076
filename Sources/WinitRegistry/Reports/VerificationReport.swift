// The JSON of `verify`.

import WinitCore
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
      "warnings": .strings(warnings),
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
      members += coverage?.members ?? []
    } else {
      members += [
        .init("stored_chunks", .integer(storedChunks)), .init("regenerated_chunks", .integer(regeneratedChunks)),
      ]
    }
    members += [
      .init("byte_count", .integer(byteCount)), .init("findings", .array(findings.map(\.jsonValue))),
    ]
    if !notes.isEmpty {
      let notes = notes.map {
        JSONValue.object([.init("tensor", .string($0.tensor)), .init("message", .string($0.message))])
      }
      members.append(.init("notes", .array(notes)))
    }
    return .object(members)
  }
}

extension Verification.Coverage {
  /// What was compared with the file, and what was left out.
  fileprivate var members: [JSONValue.Member] {
    [
      .init("scope", .string(options.scope)), .init("compared_tensors", .integer(comparedTensors)),
      .init("absent", .strings(absent.map(\.string))),
      .init(
        "tied", .array(tied.map { ["tensor": .string($0.name.string), "held_as": .string($0.heldAs.string)] })),
      .init("skipped_tensors", .strings(skipped.map(\.string))),
      .init(
        "casts",
        .array(
          casts.map {
            ["from": .string($0.from.rawValue), "to": .string($0.to.rawValue), "tensors": .integer($0.tensors)]
          })), .init("stripped_prefix", .optional(options.strippedPrefix)), .init("warnings", .strings(warnings)),
    ]
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
