// The JSON of a recorded tensor.

import WinitCore
package import WinitJSON
import WinitStorage

extension RunTensor {
  /// The tensor's record: shape, dtype, scheme, law, stream, digest, and a seed of its own.
  package var jsonValue: JSONValue {
    .object(record.jsonMembers + [.init("digest", .string(digest.description))] + record.jsonSeed)
  }
}

extension DescribedTensor {
  /// The shape, the dtype, the scheme, the law and the stream.
  var jsonMembers: [JSONValue.Member] {
    [
      .init("name", .string(name.string)), .init("shape", recipe.shape.json),
      .init("dtype", .string(recipe.dtype.rawValue)), .init("scheme", .string(schemeName)), .init("init", scheme),
      .init("law", recipe.law.json(tiedTo: tiedTo)), .init("stream", .string(String(recipe.stream))),
    ]
  }

  /// The seed of the tensor, if it is not that of the run.
  var jsonSeed: [JSONValue.Member] { ownSeed.map { [.init("seed", .string(String($0)))] } ?? [] }
}
