// The checks of the runs of a bundle before any of them is imported.

import Foundation
import WinitCore
import WinitJSON
import WinitStorage

extension Registry {
  /// Checks the record of a run of a bundle.
  ///
  /// - Throws: `RegistryError.mismatch` if the record contradicts itself, or has a value that this software never
  ///   writes.
  func check(_ run: RunRecord, of path: String, in bundle: Store) throws {
    func refuse(_ problem: String) -> RegistryError {
      .mismatch("a run of \(path) (\(run.id)) cannot be imported: it has an invalid \(problem)")
    }
    if let problem = try invalidValue(run) ?? bundle.foreignValue(in: run) { throw refuse(problem) }
    let tensors = try bundle.tensors(of: run)
    try bundle.checkRecord(run, tensors)
    if let finding = bundle.sizeFindings(run, tensors).first { throw refuse("record: \(finding.message)") }
    if let finding = try bundle.detailFindings(run, tensors).first { throw refuse("record: \(finding.message)") }
    for tensor in tensors {
      if let problem = tensor.name.problem { throw refuse("name of a tensor: \(problem)") }
      if let problem = importProblem(tensor, isImported: run.isImported) {
        throw refuse("record of tensor \(quoted: tensor.name): \(problem)")
      }
    }
  }

  /// Reads and verifies every chunk of a run that an import would read.
  ///
  /// - Throws: `RegistryError.mismatch` if a chunk is damaged and cannot be regenerated.
  func verifyChunks(of run: RunRecord, in bundle: Store, threads: Int?) throws {
    let reader = VerifiedReader(bundle, try bundle.tensors(of: run).filter(\.isStored))
    let sizes = reader.tensors.map(\.recipe.byteCount)
    try ChunkPipeline<ChunkID>(threads: threads, memory: .pooled).run(
      allChunks(sizes), totalBytes: sizes.reduce(0, +)
    ) {
      try reader.read($0, into: $1)
    } consume: { _ in
    }
  }

  /// Returns which value of a run this software never writes; nil if there is none.
  private func invalidValue(_ run: RunRecord) -> String? {
    let tags = run.tags.map { Run.Tag(key: $0.key, value: $0.value) }
    let isUID = { (text: String) in text.wholeMatch(of: /[0-9a-f]{32}/) != nil }
    if !RunName.isValid(run.name) { return "name" }
    if run.version > Registry.largestVersion { return "version" }
    if run.aliases.contains(where: { !Alias.isValid($0) }) { return "alias" }
    if (try? checkedTags(tags)) == nil { return "tag" }
    if !isTime(run.createdAt) { return "time of creation" }
    if !isUID(run.uid) { return "uid" }
    if let parent = run.parent, !isUID(parent) { return "parent" }
    if run.host.objectValue == nil { return "environment" }
    if run.toolVersion.wholeMatch(of: /[ -~]{1,64}/) == nil { return "version of winit-registry" }
    return nil
  }

  /// Returns whether a text is a time as this software writes it. Only a time of the calendar is written back as it was
  /// read.
  private func isTime(_ text: String) -> Bool {
    guard let date = Date(timeText: text) else { return false }
    return recordText(date) == text
  }

  /// Returns how the record of a tensor contradicts itself; nil if it does not.
  private func importProblem(_ tensor: TensorRecord, isImported: Bool) -> String? {
    if isImported, tensor.recipe.law != .literal || tensor.tiedTo != nil {
      return "its run was imported from a checkpoint, and it has a recipe"
    }
    let scheme = tensor.scheme["scheme"]?.stringValue
    if let target = tensor.tiedTo, scheme != "same_as" || tensor.scheme["of"]?.stringValue != target.string {
      return "it is tied to \(quoted: target), and its scheme is not same_as of that tensor"
    }
    if scheme == "manifest", tensor.recipe.law == .literal { return "its scheme is manifest, and it is a literal" }
    return RecordedScheme(tensor).problem
  }

  /// The largest version that is imported: more than any registry reaches, and far below the end of the integers.
  private static let largestVersion = 1_000_000_000
}
