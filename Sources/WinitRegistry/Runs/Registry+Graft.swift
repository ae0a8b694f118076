// graft: a run of the tensors of one run, some of which are replaced by those of another run.

import Foundation
import WinitCore
import WinitJSON
import WinitSpec
import WinitStorage

extension Registry {
  /// Records a run that has the tensors of a run, and those of a donor where their names match a pattern. No bytes are
  /// copied: recipes, literals and stored chunks are shared. The new run has the seed of the first run; a tensor that
  /// is taken keeps the seed of the donor.
  ///
  /// The new run has stored bytes if both runs have; otherwise it is recipe-only.
  ///
  /// ```swift
  /// try registry.graft(base, with: donor, taking: ["h.3.*"], as: "gpt2-block3")
  /// ```
  ///
  /// - Parameters:
  ///   - base: the run whose tensors the new run has.
  ///   - donor: the run whose tensors replace those of `base`.
  ///   - patterns: the names of the tensors that are taken, in which `*` matches any characters, dots included.
  ///   - name: letters, digits, `.`, `_`, `/` and `-`, at most 255.
  ///   - options: the metadata of the run; its parent is `base` unless another is given. The other options do not
  ///     apply.
  /// - Throws: `RegistryError` with the code `invalidName`; `invalidArgument` if a pattern matches no tensor, if the
  ///   donor has no such tensor or another shape or dtype, or if a tensor that is taken is tied to, or the norm of, one
  ///   that is not taken, or the reverse; or `mismatch` if a record contradicts itself.
  @discardableResult
  public func graft(
    _ base: Run, with donor: Run, taking patterns: [String], as name: String, options: CreateOptions = CreateOptions()
  ) throws -> CreateReceipt {
    try translatingErrors {
      let start = ContinuousClock.now
      try RegistryError.checkNewName(name)
      let tags = try checkedTags(options.tags)
      let store = try store
      let (base, donor) = (try store.current(base.record), try store.current(donor.record))
      let graft = try Graft(store, base, donor, patterns)
      let producer = try Producer(options)
      let environment = options.recordsEnvironment ? Environment(producer) : nil
      var new = NewRun(
        name: name, seed: base.seed, isStored: base.isStored && donor.isStored, createdAt: recordText(.now),
        toolVersion: Registry.version,
        tensors: graft.tensors.map {
          NewTensor(
            name: $0.name, scheme: $0.scheme, recipe: $0.recipe, chunkDigests: $0.chunkDigests, tiedTo: $0.tiedTo)
        })
      new.host = environment?.host ?? .object([])
      new.git = try environment?.git()
      new.isImported = base.isImported
      new.experiment = options.experiment
      new.tags = tags
      new.note = options.note
      new.parent = options.parent?.uid ?? base.uid
      let event = Event(
        "graft",
        [
          "from": .string(base.reference), "donor": .string(donor.reference), "donor_uid": .string(donor.uid),
          "take": .strings(patterns), "taken": .integer(graft.takenCount),
        ], by: environment == nil ? .object([]) : currentActor())
      let run = try store.commit(new, event)
      let kept = graft.tensors.filter { new.isStored || !$0.recipe.isRegenerable }
      return CreateReceipt(
        run: Run(run), storedBytes: 0, sharedBytes: kept.reduce(0) { $0 + $1.recipe.byteCount },
        warnings: Run(run).gitWarnings,
        duration: .now - start, sameID: store.sameID(as: run),
        sources: [
          .init(reference: base.reference, tensorCount: graft.tensors.count - graft.takenCount),
          .init(reference: donor.reference, tensorCount: graft.takenCount),
        ])
    }
  }
}

/// The tensors of a graft.
private struct Graft {
  let tensors: [TensorRecord]
  let takenCount: Int

  init(_ store: Store, _ base: RunRecord, _ donor: RunRecord, _ patterns: [String]) throws {
    let (ours, theirs) = (try store.tensors(of: base), try store.tensors(of: donor))
    try store.checkRecord(base, ours)
    try store.checkRecord(donor, theirs)
    guard !patterns.isEmpty else { throw RegistryError.invalidArgument("no pattern says which tensors to take") }
    let globs = patterns.map { Glob($0) }
    for glob in globs where !ours.contains(where: { glob.matches($0.name.string) }) {
      throw RegistryError.invalidArgument("no tensor of \(base.reference) matches \(quoted: glob.text)")
    }
    let byName = theirs.firstByName(\.name)
    var taken: Set<TensorName> = []
    tensors = try ours.map { tensor in
      guard globs.contains(where: { $0.matches(tensor.name.string) }) else { return tensor }
      guard let other = byName[tensor.name] else {
        throw RegistryError.invalidArgument(
          "\(donor.reference) has no tensor \(quoted: tensor.name), which is to be taken")
      }
      guard other.recipe.shape == tensor.recipe.shape, other.recipe.dtype == tensor.recipe.dtype else {
        throw RegistryError.invalidArgument(
          "tensor \(quoted: tensor.name) is \(tensor.recipe.dtype) \(tensor.recipe.shape) in \(base.reference) and \(other.recipe.dtype) \(other.recipe.shape) in \(donor.reference). Both must agree"
        )
      }
      taken.insert(tensor.name)
      return other
    }
    takenCount = taken.count
    for tensor in tensors {
      guard let (relation, name) = tensor.reference else { continue }
      let isTaken = taken.contains(tensor.name)
      guard isTaken != taken.contains(name) else { continue }
      throw RegistryError.invalidArgument(
        "\(quoted: tensor.name) is \(relation) \(quoted: name), and only \(quoted: isTaken ? tensor.name : name) is taken. Take \(quoted: isTaken ? name : tensor.name) as well"
      )
    }
  }
}

extension TensorRecord {
  /// The tensor on which the values of this tensor depend, and how they depend on it.
  fileprivate var reference: (relation: String, name: TensorName)? {
    if let tiedTo { return ("tied to", tiedTo) }
    if case .normOf(let name, _) = recipe.law { return ("the norm of", name) }
    return nil
  }
}
