// The JSON of `identify`.

package import WinitJSON
import WinitStorage

extension Identification: JSONReport {
  /// The maximum number of names in each list.
  private static let nameLimit = 100

  /// The runs that were found, each with counts and names.
  package var jsonValue: JSONValue {
    [
      "path": .string(path), "tensor_count": .integer(tensorCount),
      "unidentified_count": .integer(unidentifiedCount), "match_count": .integer(matchCount),
      "seconds": .seconds(duration),
      "matches": .array(matches.map(json)),
    ]
  }

  private func json(_ match: Match) -> JSONValue {
    let renamed = match.renamed
    return [
      "reference": .string(match.run.reference), "id": .string(match.run.id.description),
      "whole": .bool(match.isWhole), "tensor_count": .integer(match.tensorCount),
      "found_count": .integer(match.found.count), "renamed_count": .integer(renamed.count),
      "found": .strings(match.found.prefix(Self.nameLimit).map(\.name)),
      "absent": .strings(match.absent.prefix(Self.nameLimit)),
      "renamed": .array(
        renamed.prefix(Self.nameLimit).map { ["name": .string($0.name), "found_as": .string($0.foundAs)] }),
    ]
  }
}
