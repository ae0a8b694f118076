// The plan of a manifest that is imported.

package import WinitCore
import WinitJSON

extension Plan {
  /// Creates a plan of the tensors of a manifest, which has laws and no schemes.
  ///
  /// - Parameter literals: the places of the bytes that no recipe gives, by the name of the tensor.
  package init(_ manifest: Manifest, literals: [TensorName: LiteralBytes]) {
    tensors = manifest.tensors.map { tensor in
      let record: JSONValue =
        if let target = tensor.tiedTo {
          ["scheme": "same_as", "of": .string(target.string)]
        } else {
          ["scheme": tensor.law == .literal ? "literal" : "manifest"]
        }
      return PlannedTensor(
        name: tensor.name, shape: tensor.shape, dtype: tensor.dtype, law: tensor.law,
        streamName: tensor.tiedTo ?? tensor.name, tiedTo: tensor.tiedTo, record: record,
        literal: literals[tensor.tiedTo ?? tensor.name], seed: tensor.seed)
    }
    warnings = []
  }
}
