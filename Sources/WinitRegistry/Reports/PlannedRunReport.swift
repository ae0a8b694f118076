// The JSON of `create --dry-run`.

import Foundation
import WinitCore
import WinitDiagnosis
import WinitFiles
import WinitInitializers
package import WinitJSON
import WinitSpec

extension PlannedRun: JSONReport {
  /// What a create would record: the members of a run that are known without its digests, and its tensors.
  package var jsonValue: JSONValue {
    [
      "dry_run": true, "name": .string(name), "seed": .string(String(seed)), "spec": .string(spec),
      "like": .optional(like), "layout": .string(layout), "stored": .bool(isStored),
      "tensor_count": .integer(tensors.count), "parameter_count": .integer(parameterCount),
      "byte_count": .integer(byteCount), "stored_bytes_maximum": .integer(storedBytesMaximum),
      "law_version": .string(WinitCore.lawVersion), "preset": presetJSON ?? .null,
      "skipped_tensors": .strings(skipped), "network": network?.json ?? .null,
      "network_problem": .optional(networkProblem), "allow": .array(allowed.map(\.json)),
      "warnings": .strings(warnings),
      "tensors": .array(tensors.map(\.jsonValue)),
    ]
  }
}

extension PlannedRunTensor {
  /// The tensor's record without a digest, its size, the fans that its scheme depends on, and what gives its init.
  var jsonValue: JSONValue {
    let fans: [JSONValue.Member] =
      usedFans.map { [.init("fan_in", .integer($0.fanIn)), .init("fan_out", .integer($0.fanOut))] } ?? []
    let from: JSONValue =
      source.map {
        ["file": .string($0.file), "line": $0.line.map { .integer($0) } ?? .null, "match": .optional($0.pattern)]
      } ?? .null
    let literals = planned.literal.map { [JSONValue.Member("literals", .array($0.places))] } ?? []
    return .object(
      jsonMembers + [.init("byte_count", .integer(recipe.byteCount))] + fans + [.init("from", from)] + literals
        + jsonSeed)
  }
}

extension LiteralBytes {
  /// Where the given bytes of a tensor are: one place for a literal, and one for each part that is a literal. A
  /// place is null if the bytes are not one after the other in one file.
  fileprivate var places: [JSONValue] {
    switch self {
    case .given(let bytes): [["base64": .string(Data(bytes).base64EncodedString())]]
    case .checkpoint(let tensor):
      [tensor.range.map { ["file": .string($0.file.path), "offset": .integer($0.offset)] } ?? .null]
    case .parts(let parts, _): parts.sorted { $0.key < $1.key }.flatMap { $0.value.places }
    }
  }
}
