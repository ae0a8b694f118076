// show: what a run is.

import ArgumentParser
import Foundation
import WinitRegistry

struct Show: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show a run: its facts, and each tensor's shape, scheme and law.",
    discussion: """
      --manifest prints the canonical manifest exactly, without a final newline: its SHA-256 is the run's id.
      """)

  @Argument(help: "The run: NAME, NAME:v2, NAME@sha256:… or sha256:….")
  var reference: String

  @Flag(help: "Print the manifest whose SHA-256 is the id, byte for byte.")
  var manifest = false

  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func validate() throws {
    if manifest, json.enabled {
      throw ValidationError("give one of --manifest and --json; the manifest is JSON itself")
    }
  }

  func run() throws {
    try reportingErrors {
      let registry = try registry.open()
      let run = try registry.run(reference)
      if manifest {
        try emit(registry.manifest(of: run), terminator: "", exact: true)
        return
      }
      let tensors = try registry.tensors(of: run)
      if json.enabled {
        let members = run.json.objectValue ?? []
        try emit(JSONValue.object(members + [.init("tensors", .array(tensors.map(\.json)))]).pretty)
      } else {
        try emit(run.reference)
        try emit(table(run.facts + facts(of: run, tensors, in: registry)))
        try emit("")
        try emit(table([["TENSOR", "DTYPE", "SHAPE", "SCHEME", "LAW", "DIGEST"]] + tensors.map(row)))
      }
    }
  }

  private func facts(of run: Run, _ tensors: [RecordedTensor], in registry: Registry) throws -> [[String]] {
    func fact(_ name: String, _ text: String?) -> [[String]] { text.map { [["  \(name)", $0]] } ?? [] }
    let user = run.host["user"]?.stringValue.map { "\($0) on " } ?? ""
    let place = run.host["hostname"]?.stringValue.map { " for \(user)\($0)" } ?? ""
    let parent = try run.parent.map {
      try registry.parent(of: run)?.reference ?? "\($0), not in this registry"
    }
    let git = run.git?["commit"]?.stringValue.map { commit in
      commit + (run.git?["dirty"]?.canonical == "true" ? ", with changes not committed" : "")
    }
    return [
      ["  kept", kept(run, tensors)], ["  law", run.lawVersion],
      [
        "  \(run.isImported ? "captured" : "created")",
        "\(run.createdAt) by winit-registry \(run.toolVersion)\(place)",
      ],
    ] + fact("processor", run.host["processor"]?.stringValue) + fact("git", git)
      + fact("aliases", run.aliases.isEmpty ? nil : run.aliases.joined(separator: ", "))
      + fact("experiment", run.experiment) + fact("parent", parent)
      + fact("tags", run.tags.isEmpty ? nil : run.tagsText)
      + fact("note", run.note.isEmpty ? nil : run.note)
  }

  /// What is there of the weights: of a recipe also what no recipe gives.
  private func kept(_ run: Run, _ tensors: [RecordedTensor]) -> String {
    let literals = tensors.count { !$0.recipe.law.isRegenerable }
    let captured = literals == 0 ? "" : "the bytes of \(literals) literal\(literals == 1 ? "" : "s")"
    if run.isStored { return captured.isEmpty ? "bytes" : "bytes; \(captured) follow from no recipe" }
    return captured.isEmpty ? "recipe and digests only" : "recipe and digests, and \(captured)"
  }

  private func row(_ tensor: RecordedTensor) -> [String] {
    [
      tensor.name.description, tensor.recipe.dtype.rawValue, tensor.recipe.shape.description,
      tensor.schemeText,
      tensor.lawText, String(tensor.digest.hex.prefix(12)),
    ]
  }
}
