// The JSON of a recorded tensor.

import WinitCore
package import WinitJSON
import WinitStorage

extension RunTensor {
  /// The tensor's record: shape, dtype, scheme, law, stream, digest, and a seed of its own.
  package var jsonValue: JSONValue {
    let members: [JSONValue.Member] = [
      .init("name", .string(name)), .init("shape", record.recipe.shape.json), .init("dtype", .string(dtype.rawValue)),
      .init("scheme", .string(record.schemeName)), .init("init", record.scheme),
      .init("law", record.recipe.law.json(tiedTo: record.tiedTo)),
      .init("stream", .string(String(record.recipe.stream))), .init("digest", .string(digest.description)),
    ]
    return .object(members + (record.ownSeed.map { [.init("seed", .string(String($0)))] } ?? []))
  }
}
