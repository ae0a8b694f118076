import Testing
import WinitCore
import WinitJSON
import WinitTestSupport

@Suite struct ManifestTests {
  /// The worked example of docs/manifest.md.
  private func example() throws -> Manifest {
    let seed: UInt64 = 18_446_744_073_709_551_557
    let tensors: [(String, [Int], DType, Law)] = [
      ("steps", [], .int64, .constant(value: 0)),
      ("h.0.w", [300, 1024], .float32, .normal(mean: 0, std: 0.02)),
      (
        "\u{E9}", [7, 3], .bfloat16,
        .truncatedNormal(
          alpha: 0.02275013194817921, beta: 0.9772498680518208, low: -2, high: 2, mean: 0, std: 0.5)
      ),
      ("h.0.b", [5], .float16, try .uniform(roundingLow: -0.1, high: 0.3)),
    ]
    return Manifest(
      seed: seed,
      tensors: try tensors.map { name, dims, dtype, law in
        let name = TensorName(name)
        let recipe = try Recipe(seed: seed, stream: name.stream, dtype: dtype, shape: Shape(dims), law: law)
        let chunks = try (0..<recipe.chunkCount).map {
          SHA256Digest(of: try recipe.bytes(recipe.chunk($0).elements(dtype)))
        }
        return Manifest.Tensor(
          name: name, shape: recipe.shape, dtype: dtype, law: law, stream: recipe.stream,
          digest: SHA256Digest(ofChunks: DigestList(chunks)))
      })
  }

  @Test
  func `the example of docs/manifest.md has the bytes, the id and the weights of the vector file (made with NumPy)`()
    throws
  {
    let manifest = try example()
    #expect(manifest.canonical == (try VectorFile.text("manifest-example.json")))
    let expected = Dictionary(
      uniqueKeysWithValues: try VectorFile.rows("manifest-example.txt").map { ($0[0], $0[1]) })
    #expect(manifest.id.description == expected["id"])
    #expect(manifest.weights.description == expected["weights"])
  }

  @Test func `a manifest does not depend on the order in which tensors are given`() throws {
    let manifest = try example()
    #expect(
      Manifest(seed: manifest.seed, tensors: manifest.tensors.reversed()).canonical == manifest.canonical)
    #expect(manifest.tensors.map(\.name.string) == ["h.0.b", "h.0.w", "steps", "\u{E9}"])
  }

  @Test func `the id depends on the seed, and the weights only on names, shapes, dtypes and digests`() throws {
    let manifest = try example()
    let reseeded = Manifest(seed: 1, tensors: manifest.tensors)
    #expect(reseeded.id != manifest.id)
    #expect(reseeded.weights == manifest.weights)
    #expect(Manifest(seed: manifest.seed, tensors: manifest.tensors.dropLast()).weights != manifest.weights)
  }

  @Test func `tensors are sorted by the bytes of their names, not in the order of Swift strings`() throws {
    // Swift compares e with a combining accent as é, and sorts it after f.
    let names = ["f", "e\u{301}"].map { TensorName($0) }
    let tensors = try names.map {
      Manifest.Tensor(
        name: $0, shape: try Shape([]), dtype: .float32, law: .constant(value: 0), stream: 0,
        digest: SHA256Digest(of: []))
    }
    #expect(names[0].string < names[1].string)
    #expect(Manifest(seed: 0, tensors: tensors).tensors.map(\.name) == names.reversed())
  }

  @Test func `a manifest of all new laws has the bytes and ids that NumPy computes, and fills to its digests`() throws {
    let text = try VectorFile.text("manifest-additions.json")
    let manifest = try Manifest(json: JSONValue(parsing: text))
    #expect(manifest.canonical == text)
    let rows = try VectorFile.rows("manifest-additions.txt")
    #expect(manifest.id.description == rows.first { $0[0] == "id" }?[1])
    #expect(manifest.weights.description == rows.first { $0[0] == "weights" }?[1])
    #expect(manifest.tensors.contains { $0.seed != nil })
    var graph = RecipeGraph(
      manifest.tensors.map {
        RecipeGraph.Node(
          name: $0.name, seed: $0.seed ?? manifest.seed, stream: $0.stream, dtype: $0.dtype, shape: $0.shape,
          law: $0.law)
      })
    var filled = 0
    for (tensor, recipe) in zip(manifest.tensors, try graph.all()) where recipe.isRegenerable {
      let chunks = try (0..<recipe.chunkCount).map {
        SHA256Digest(of: try recipe.bytes(recipe.chunk($0).elements(recipe.dtype)))
      }
      #expect(SHA256Digest(ofChunks: DigestList(chunks)) == tensor.digest, "\(tensor.name)")
      filled += 1
    }
    #expect(filled > 20)
  }
}
