// Files that hold a manifest, or a recipe, and the literals beside them.

import WinitCore
import WinitFiles
import WinitJSON

/// A manifest in a file, in any layout of its JSON. Without some or all digests it is a recipe.
package struct ManifestFile: Sendable {
  package let path: String
  /// The manifest, in which digests may be missing.
  let recipe: RecipeManifest
  var manifest: Manifest { recipe.manifest }

  /// The maximum size of the file. The manifest of a model of 90,000 tensors has 27 MB.
  private static let limit = 1 << 28

  /// Reads the manifest in a .json file. Returns nil for another file, such as the index of a sharded checkpoint.
  ///
  /// - Throws: `RegistryError` with the code `fileNotFound`, or `invalidFile` if the manifest is not valid, or if the
  ///   file is neither a manifest nor an index.
  package init?(ifAt path: String) throws {
    guard path.hasSuffix(".json") else { return nil }
    let recipe = try translatingErrors { try Self.recipe(InputFile(path).bytes(limit: Self.limit), path) }
    guard let recipe else { return nil }
    (self.path, self.recipe) = (path, recipe)
  }

  /// Reads the manifest on standard input.
  ///
  /// - Throws: `RegistryError` with the code `invalidFile` if it is not a valid manifest, or has literals, whose bytes
  ///   would be in a file beside it.
  package init(standardInput: Void) throws {
    path = standardInputName
    recipe = try translatingErrors {
      guard let recipe = try Self.recipe(readStandardInput(limit: Self.limit), standardInputName) else {
        throw RegistryError(
          .invalidFile, "standard input is the index of a sharded checkpoint, which names other files. Name its file")
      }
      guard let literal = recipe.manifest.tensors.first(where: \.isLiteral) else { return recipe }
      throw RegistryError(
        .invalidFile,
        "the manifest on standard input has the literal `\(literal.name)`, whose bytes are in a file beside the manifest. Name the file of the manifest"
      )
    }
  }

  /// Returns the manifest in a text; nil for the index of a sharded checkpoint.
  private static func recipe(_ bytes: [UInt8], _ path: String) throws -> RecipeManifest? {
    let json: JSONValue
    do { json = try JSONValue(parsing: bytes) } catch { throw unknown(path, "\(error)") }
    if json["weight_map"] != nil { return nil }
    guard json["law_version"] != nil else {
      throw unknown(path, "it has no member `law_version` or `weight_map`")
    }
    do throws(ManifestError) { return try RecipeManifest(json: json) } catch {
      throw RegistryError(.invalidFile, "\(path): not a manifest: \(error)", subject: path)
    }
  }

  private static func unknown(_ path: String, _ reason: String) -> RegistryError {
    RegistryError(
      .invalidFile, "\(path): neither a manifest nor the index of a sharded checkpoint: \(reason)", subject: path)
  }

  /// Returns the path of the file that holds the literals of a manifest: `gpt2.literals.safetensors` beside
  /// `gpt2.json`.
  static func literalsPath(_ path: String) -> String {
    (path.hasSuffix(".json") ? String(path.dropLast(5)) : path) + ".literals.safetensors"
  }
}

extension Manifest.Tensor {
  /// Whether the bytes of the tensor are in the file of literals. A tied tensor has the bytes of its target.
  var isLiteral: Bool { law.hasLiteral && tiedTo == nil }
}
