// Errors of the indices of sharded checkpoints.

package import WinitCore
package import WinitJSON

/// What is wrong with the index of a sharded checkpoint.
package enum IndexProblem: Equatable, Sendable, CustomStringConvertible {
  /// The index is larger than allowed.
  case tooLarge(size: Int, limit: Int)
  /// The index is not JSON.
  case json(JSONError)
  /// The index has no object `weight_map`.
  case noWeightMap
  /// The file of a tensor is not a string.
  case fileNotAString(tensor: String)
  /// The file of a tensor is not a name of a file in the folder of the index.
  case notInTheFolder(tensor: String, file: String)
  /// A file does not contain a tensor that the index names.
  case noSuchTensor(String, file: String)
  /// Two files contain a tensor that the index does not name.
  case duplicateTensor(TensorName)

  package var description: String {
    switch self {
    case .tooLarge(let size, let limit): "the file has \(size) bytes; at most \(limit) are allowed"
    case .json(let error): "the file is \(error)"
    case .noWeightMap: "the file has no `weight_map` object. Name the index, its folder or a .safetensors file"
    case .fileNotAString(let tensor): "the file of tensor \(quoted: tensor) is not a string"
    case .notInTheFolder(let tensor, let file):
      "the file of tensor \(quoted: tensor) is \(quoted: file), which is not the name of a file in the folder of the index"
    case .noSuchTensor(let tensor, let file):
      "tensor \(quoted: tensor) is not in \(quoted: file), where the index places it"
    case .duplicateTensor(let tensor): "tensor \(quoted: tensor) is in two files and not in the index"
    }
  }
}
