// The JSON of `diff`.

import WinitCore
package import WinitJSON
import WinitStorage

extension RunDifference {
  /// Two runs and how they differ.
  package var jsonValue: JSONValue {
    [
      "first": .string(first.reference), "second": .string(second.reference),
      "same_weights": .bool(sameWeights), "same_tensors": .integer(sameCount),
      "same_bits": .integer(changed.count(where: \.sameBits)), "removed": .strings(removed),
      "added": .strings(added), "changed": .array(changed.map(\.jsonValue)),
    ]
  }
}

extension TensorDifference {
  /// The tensor's name, and a pair of values for each property that differs.
  fileprivate var jsonValue: JSONValue {
    var members: [JSONValue.Member] = [.init("name", .string(name)), .init("same_bits", .bool(sameBits))]
    if let shapes { members.append(.init("shapes", [shapes.first.json, shapes.second.json])) }
    if let dtypes {
      members.append(.init("dtypes", [.string(dtypes.first.rawValue), .string(dtypes.second.rawValue)]))
    }
    if let recipes { members.append(.init("recipes", [json(recipes.first), json(recipes.second)])) }
    if let elements {
      members += [
        .init("differing_elements", .integer(elements.count)), .init("element", .integer(elements.element)),
        .init("index", .integers(elements.coordinates)),
        .init("values", [.string(elements.expected), .string(elements.found)]),
        .init(
          "largest_difference", largestDifference.map { $0.isFinite ? .number($0) : .string("\($0)") } ?? .null),
      ]
    }
    return .object(members)
  }

  private func json(_ recipe: Recipe) -> JSONValue {
    [
      "law": recipe.law.json, "seed": .string(String(recipe.seed)), "stream": .string(String(recipe.stream)),
    ]
  }
}
