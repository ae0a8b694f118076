// Errors of manifests from elsewhere.

import WinitJSON

/// The reason why a JSON text is not a manifest of this version.
package enum ManifestError: Error, Equatable, CustomStringConvertible {
  /// The JSON has no list of tensors.
  case notAManifest
  /// A member of the manifest is missing or not valid.
  case invalidMember(String)
  /// The manifest has a member that this version does not know.
  case unknownMember(String)
  /// The manifest follows another version of the law.
  case otherLaw(String)
  /// A tensor has no name.
  case unnamedTensor(Int)
  /// A tensor is not valid.
  case invalidTensor(TensorName, String)
  /// Two tensors have the same name.
  case duplicateTensor(TensorName)

  /// The message for a person.
  package var description: String {
    switch self {
    case .notAManifest: "it has no list of tensors"
    case .invalidMember(let member): "its member \(quoted: member) is missing or not valid"
    case .unknownMember(let member): "it has the member \(quoted: member), which this version does not know"
    case .otherLaw(let version):
      "it follows the law \(quoted: version), and this version executes \(quoted: lawVersion)"
    case .unnamedTensor(let index): "tensor \(index) has no name"
    case .invalidTensor(let name, let problem): "tensor \(quoted: name): \(problem)"
    case .duplicateTensor(let name): "duplicate tensor \(quoted: name)"
    }
  }
}
