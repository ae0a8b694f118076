// show: show one run.

import ArgumentParser
import Foundation
import WinitCore
import WinitRegistry

struct ShowCommand: JSONCommand {
  static let configuration = CommandConfiguration(
    name: "show", abstract: "Show a run: its metadata, and each tensor's shape, scheme and law.",
    discussion: """
      --manifest prints the canonical manifest, whose SHA-256 is the id of the run. Any tool can check the id:

        winit-registry show gpt2 --manifest | sha256sum

      In a terminal the table of tensors fits the window: SCHEME and LAW are shortened, then columns are left out, in \
      this order: DIGEST, SCHEME, DTYPE, LAW, SHAPE. A pipe and a file get every column in full width.
      """)

  @Argument(help: "The run, such as gpt2, gpt2:v2 or sha256:e6dc291b.", completion: .runs)
  var reference: String

  @Flag(help: "Print only the canonical manifest, byte for byte, without a final newline.")
  var manifest = false

  @OptionGroup var tableOptions: TableOptions
  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func validate() throws {
    try tableOptions.check(json)
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
      let details = try registry.details(of: run)
      let diagnoses = try registry.keptDiagnosisTimes(of: run)
      if json.enabled {
        try emit(ShowReport(run: run, tensors: tensors, details: details, diagnoses: diagnoses).json)
      } else {
        try emit(run.reference)
        try emit(
          Table(fields: run.summaryRows + detailRows(run, tensors, in: registry) + details.rows + diagnoses.rows).text)
        try emit("")
        let columns = [
          Table.Column("TENSOR", .key), Table.Column("DTYPE"), Table.Column("SHAPE"),
          Table.Column("SCHEME", .shorten(to: 14)), Table.Column("LAW", .shorten(to: 28)), Table.Column("DIGEST"),
        ]
        let table = Table(
          columns, tensors.map(row), omitted: ["DIGEST", "SCHEME", "DTYPE", "LAW", "SHAPE"],
          hasHeader: !tableOptions.noHeader)
        try emit(table.text)
      }
    }
  }

  private func detailRows(_ run: Run, _ tensors: [RunTensor], in registry: Registry) throws -> [[String]] {
    func row(_ name: String, _ text: String?) -> [[String]] { text.map { [["  \(name)", $0]] } ?? [] }
    let actor = [run.user, run.hostname].compactMap(\.self).joined(separator: " on ")
    let git = run.git.map(text) ?? run.gitProblem.map { "not recorded: \($0)" }
    return try row("stored", storedText(run, tensors)) + row("law", run.lawVersion)
      + row(
        run.origin == .imported ? "imported" : "created",
        "\(run.createdAt.timeText) by winit-registry \(run.toolVersion)\(actor.isEmpty ? "" : " for \(actor)")"
      )
      + row("model class", run.modelClass) + row("software", softwareText(run)) + row("processor", run.processor)
      + row("git", git)
      + row("aliases", run.aliases.isEmpty ? nil : run.aliases.joined(separator: ", ")) + run.metadataRows(in: registry)
  }

  /// Returns the software that made the model; nil if it was not recorded.
  private func softwareText(_ run: Run) -> String? {
    let software = run.software
    guard !software.isEmpty else { return nil }
    let texts = software.prefix(10).map { "\($0.name) \($0.version.prefix(80))" }
    return texts.joined(separator: ", ") + (software.count > 10 ? ", …" : "")
  }

  private func text(_ git: Run.Git) -> String {
    switch git.isDirty {
    case true?: git.commit + ", with uncommitted changes"
    case false?: git.commit
    case nil: git.commit + ", perhaps with uncommitted changes"
    }
  }

  /// Returns which bytes the registry stores, and which of them no recipe regenerates.
  private func storedText(_ run: Run, _ tensors: [RunTensor]) -> String {
    let count = tensors.count { !$0.isRegenerable }
    let literals = counted(count, "literal")
    if run.origin == .imported { return "bytes, without a recipe" }
    if run.isStored { return count == 0 ? "bytes" : "bytes, including \(literals) without a recipe" }
    return count == 0 ? "recipe and digests only" : "recipe, digests, and the bytes of \(literals)"
  }

  private func row(_ tensor: RunTensor) -> [String] {
    [
      tensor.printableName, tensor.dtype.rawValue, tensor.shapeText,
      tensor.scheme, tensor.law, String(tensor.digest.hex.prefix(12)),
    ]
  }
}

extension RunDetails {
  /// The skipped tensors and the metadata of the checkpoint, as rows of a table.
  fileprivate var rows: [[String]] {
    var rows = skippedRows(skipped)
    let texts = metadata.prefix(10).map { "\($0.key)=\($0.value)".replacing("\n", with: " ").prefix(80) }
    if !texts.isEmpty {
      rows.append(["  metadata", texts.joined(separator: ", ") + (metadata.count > 10 ? ", …" : "")])
    }
    return rows
  }
}

extension [KeptDiagnosis] {
  /// The kept diagnoses as a row of a table; no row without one.
  fileprivate var rows: [[String]] {
    isEmpty ? [] : [["  diagnosed", map { "\($0.kind) on \($0.madeAt)" }.joined(separator: ", ")]]
  }
}
