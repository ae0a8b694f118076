// The common parts of the schemes of libraries. These schemes have the meaning and the defaults of the library, but
// read fans by the layout of the tensor, not by the layout of the library.

import Foundation
import WinitCore

extension SchemeDefinition {
  /// Defines the schemes of Glorot, He and LeCun as JAX and Keras do: as variance scaling, with truncated normals.
  static func fanSchemes(_ library: String) -> [SchemeDefinition] {
    let families: [(names: [String], scale: Double, mode: FanMode)] = [
      (["glorot", "xavier"], 1, .fanAvg), (["he", "kaiming"], 2, .fanIn), (["lecun"], 1, .fanIn),
    ]
    return families.flatMap { family in
      [("uniform", Scheme.Distribution.uniform), ("normal", .truncatedNormal)].map { suffix, distribution in
        let name = "\(library).\(family.names[0])_\(suffix)"
        let aliases =
          library == "jax"
          ? family.names.dropFirst().map { "jax.\($0)_\(suffix)" }
          : ["keras.\(family.names[0].capitalized)\(suffix.capitalized)"]
        return SchemeDefinition(
          name, aliases: aliases,
          formula: "variance \(Int(family.scale))/\(family.mode.rawValue), \(distribution.rawValue)",
          use: "\(library == "jax" ? "JAX" : "Keras")'s initializer of this name",
          source: library == "jax"
            ? "jax.nn.initializers.\(family.names[0])_\(suffix)"
            : "keras.initializers.\(family.names[0].capitalized)\(suffix.capitalized)"
        ) { _, tensor throws(SchemeError) in
          try variance(family.scale, family.mode, distribution, try tensor.fans(for: name))
        }
      }
    }
  }

  /// Defines a scheme of a library. Its alias is the name of the library's function or class.
  static func library(
    _ name: String, _ other: String?, _ parameters: [SchemeParameter] = [], formula: String,
    law: @escaping Resolve
  ) -> SchemeDefinition {
    let parts = name.split(separator: ".", maxSplits: 1)
    let module = ["torch": "torch.nn.init", "jax": "jax.nn.initializers", "keras": "keras.initializers"]
    return SchemeDefinition(
      name, aliases: other.map { ["\(parts[0]).\($0)"] } ?? [], parameters, formula: formula,
      use: "\(["torch": "PyTorch", "jax": "JAX", "keras": "Keras"][String(parts[0])] ?? "")'s initializer of this name",
      source: "\(module[String(parts[0])] ?? "").\(other ?? String(parts[1]))", law: law)
  }
}
