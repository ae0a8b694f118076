import Foundation
import Testing
import WinitRegistry
import WinitTestSupport

@Suite struct GraftTests {
  private static let yaml = """
    tensors: {wte: [40, 8], head: [40, 8], h.0.w: [8, 8], h.0.v: [8, 4], h.0.g: [8, 1], mask: [4]}
    rules:
      - {match: head, init: {scheme: same_as, of: wte}}
      - {match: mask, init: {scheme: literal, values: [1, 2, 3, SEED]}}
      - {match: "*", init: {scheme: normal, std: 1}}
    """

  private struct Runs {
    let folder: TemporaryFolder
    let registry: Registry
    let base: Run
    let donor: Run
  }

  private func runs(recipeOnly: (Bool, Bool) = (false, false)) throws -> Runs {
    let folder = try TemporaryFolder()
    let registry = try Registry(openingOrCreating: folder.path("r.sqlite"))
    func create(_ name: String, _ seed: UInt64, _ recipeOnly: Bool) throws -> Run {
      try folder.write("\(name).yaml", Self.yaml.replacing("SEED", with: "\(seed)"))
      var options = CreateOptions()
      options.recipeOnly = recipeOnly
      return try registry.create(
        name, spec: ModelSpec(contentsOf: folder.path("\(name).yaml")), seed: seed, options: options
      ).run
    }
    return Runs(
      folder: folder, registry: registry, base: try create("a", 1, recipeOnly.0),
      donor: try create("b", 2, recipeOnly.1))
  }

  @Test(arguments: [(false, false), (false, true), (true, false), (true, true)])
  func `a graft has the donor's tensors where the pattern matches, and adds no chunk`(recipeOnly: (Bool, Bool)) throws {
    let runs = try runs(recipeOnly: recipeOnly)
    let before = try runs.registry.space().storedBytes
    let receipt = try runs.registry.graft(
      runs.base, with: runs.donor, taking: ["h.*", "mask"], as: "g")
    let graft = receipt.run
    #expect(receipt.storedBytes == 0)
    #expect(try runs.registry.space().storedBytes == before)
    #expect(graft.isStored == (!recipeOnly.0 && !recipeOnly.1))
    #expect(graft.origin == .seeded(1))
    let digests = try [runs.base, runs.donor, graft].map { run in
      try Dictionary(uniqueKeysWithValues: runs.registry.tensors(of: run).map { ($0.name, $0.digest) })
    }
    for name in ["wte", "head"] { #expect(digests[2][name] == digests[0][name]) }
    for name in ["h.0.w", "h.0.v", "h.0.g", "mask"] {
      #expect(digests[2][name] == digests[1][name] && digests[2][name] != digests[0][name])
    }
    // Every chunk is read or regenerated, and hashed.
    #expect(try runs.registry.verify(graft).matches)
    #expect(try runs.registry.floats(of: "mask", in: graft) == [1, 2, 3, 2])
    // The donor can be deleted.
    try runs.registry.delete([runs.donor])
    #expect(try runs.registry.floats(of: "h.0.w", in: graft).count == 64)
  }

  @Test func `a graft of all tensors has the donor's weights, and another id, because the run's seed is another`()
    throws
  {
    let runs = try runs()
    let graft = try runs.registry.graft(runs.base, with: runs.donor, taking: ["*"], as: "g").run
    #expect(graft.weights == runs.donor.weights && graft.id != runs.donor.id)
    let text = try runs.registry.manifest(of: graft)
    #expect(text.contains(#""seed":"1""#) && text.contains(#""seed":"2""#))
  }

  @Test(arguments: [("wte", "head"), ("head", "wte")])
  func `tied tensors are taken together, and the error names the one to add`(taken: String, missing: String) throws {
    let runs = try runs()
    let error = #expect(throws: RegistryError.self) {
      try runs.registry.graft(runs.base, with: runs.donor, taking: [taken], as: "g")
    }
    #expect(error?.code == .invalidArgument && error?.message.contains("Take `\(missing)` as well") == true)
    #expect(throws: RegistryError.self) { try runs.registry.run("g") }
    #expect(throws: Never.self) {
      try runs.registry.graft(runs.base, with: runs.donor, taking: [taken, missing], as: "g")
    }
  }

  @Test func `a norm is taken together with the tensor whose norm it is`() throws {
    let folder = try TemporaryFolder()
    let registry = try Registry(openingOrCreating: folder.path("r.sqlite"))
    try folder.write(
      "n.yaml",
      """
      tensors: {v: [6, 4], g: [6, 1], w: [3]}
      rules: [{match: g, init: {scheme: norm_of, of: v, axes: [1]}}, {match: "*", init: {scheme: normal, std: 1}}]
      """)
    let runs = try [1, 2].map {
      try registry.create("n", spec: ModelSpec(contentsOf: folder.path("n.yaml")), seed: $0).run
    }
    for pattern in ["g", "v"] {
      #expect(throws: RegistryError.self) { try registry.graft(runs[0], with: runs[1], taking: [pattern], as: "x") }
    }
    let graft = try registry.graft(runs[0], with: runs[1], taking: ["g", "v"], as: "x").run
    #expect(try registry.verify(graft).matches)
    let (v, g) = (try registry.floats(of: "v", in: graft), try registry.floats(of: "g", in: graft))
    for row in 0..<6 {
      let norm = v[4 * row..<4 * row + 4].reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      #expect(abs(Double(g[row]) - norm) < 1e-6)
    }
    #expect(try registry.floats(of: "v", in: runs[1]) == v)
    // A recipe-only copy regenerates the norm from the donor's seed.
    _ = try registry.strip(graft)
    #expect(try registry.floats(of: "g", in: graft) == g)
  }

  @Test(arguments: ["x.*", ""])
  func `a pattern that matches no tensor is refused`(pattern: String) throws {
    let runs = try runs()
    let error = #expect(throws: RegistryError.self) {
      try runs.registry.graft(runs.base, with: runs.donor, taking: ["h.*", pattern], as: "g")
    }
    #expect(error?.code == .invalidArgument)
  }

  @Test func `a donor without the tensor, or with another shape, is refused`() throws {
    let runs = try runs()
    try runs.folder.write("c.yaml", "tensors: {wte: [40, 8], h.0.w: [8, 9]}\nrules: [{match: '*', init: normal}]")
    let other = try runs.registry.create("c", spec: ModelSpec(contentsOf: runs.folder.path("c.yaml")), seed: 3).run
    for pattern in ["h.0.w", "mask"] {
      let error = #expect(throws: RegistryError.self) {
        try runs.registry.graft(runs.base, with: other, taking: [pattern], as: "g")
      }
      #expect(error?.code == .invalidArgument)
    }
  }
}
