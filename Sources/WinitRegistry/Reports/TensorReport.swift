// The JSON of a recorded tensor.

import WinitCore
package import WinitJSON
import WinitStorage

extension RunTensor {
  /// The tensor's record: shape, dtype, scheme, law, stream and digest.
  package var jsonValue: JSONValue {
    [
      "name": .string(name), "shape": record.recipe.shape.json, "dtype": .string(dtype.rawValue),
      "scheme": .string(record.schemeName), "init": record.scheme,
      "law": record.recipe.law.json(tiedTo: record.tiedTo), "stream": .string(String(record.recipe.stream)),
      "digest": .string(digest.description),
    ]
  }
}
