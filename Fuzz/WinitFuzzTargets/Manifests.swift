// The reader of manifests.

import WinitCore
import WinitJSON

extension FuzzTarget {
  /// A manifest that is accepted has one canonical text, whatever its layout was: the text reads back as itself, and
  /// so does the text with a line for each tensor. Without some digests it is a recipe and no manifest.
  static let manifest = FuzzTarget("manifest") { bytes in
    let json: JSONValue
    do { json = try JSONValue(parsing: bytes) } catch { return .refused("\(error)") }
    let recipe: RecipeManifest
    do { recipe = try RecipeManifest(json: json) } catch {
      try expect((try? Manifest(json: json)) == nil, "a manifest is no recipe")
      return .refused("\(error)")
    }
    if recipe.manifest.tensors.contains(where: recipe.lacksDigest) {
      try expect((try? Manifest(json: json)) == nil, "a manifest lacks a digest")
      return .accepted
    }
    let manifest: Manifest
    do { manifest = try Manifest(json: json) } catch {
      throw BrokenProperty(description: "a recipe with all digests is no manifest: \(error)")
    }
    let canonical = manifest.canonical
    for text in [canonical, manifest.lines] {
      let again: Manifest
      do { again = try Manifest(json: JSONValue(parsing: text)) } catch {
        throw BrokenProperty(description: "its own text is refused: \(error)")
      }
      try expect(same(again.canonical, canonical), "its own text has another canonical text")
    }
    try expect(same(manifest.lines.filter { $0 != "\n" }, canonical), "a string contains a newline")
    try expect(zip(manifest.tensors, manifest.tensors.dropFirst()).allSatisfy { $0.name < $1.name }, "out of order")
    return .accepted
  }
}
