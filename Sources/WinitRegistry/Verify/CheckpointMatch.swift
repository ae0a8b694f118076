// The tensors of a run and of a checkpoint, matched by their names.

import WinitCore
import WinitFiles
import WinitJSON
import WinitSpec
import WinitStorage

/// The tensors of a run and of a checkpoint that can be compared, and the findings about all others.
struct CheckpointMatch {
  /// A tensor of a run, and the tensor of the checkpoint that is compared with it.
  struct Pair: Sendable {
    let tensor: TensorRecord
    let entry: Checkpoint.Entry
    /// The elements that are compared.
    let box: Box
    /// Whether the checkpoint holds the whole tensor. Otherwise it holds the box.
    let holdsWhole: Bool
    /// Whether the run's elements are rounded to the dtype of the checkpoint before they are compared.
    let isCast: Bool

    /// The number of elements that are compared.
    var elementCount: Int { box.ranges.reduce(1) { $0 * $1.count } }

    /// The size of these elements in the run.
    var byteCount: Int { tensor.recipe.dtype.byteCount(ofElements: elementCount) }

    /// Whether every byte of the tensor is compared as it is, so that digests suffice.
    var isWhole: Bool { holdsWhole && !isCast && box.ranges == Box(whole: box.shape).ranges }
  }

  private(set) var pairs: [Pair] = []
  private(set) var findings: [Verification.Finding] = []
  private(set) var coverage = Verification.Coverage()

  private let names: NameMatcher
  private let options: ComparisonOptions
  private let explainer: MismatchExplainer
  private let tensors: [TensorRecord]
  private let entries: [TensorName: [Checkpoint.Entry]]
  /// The names of the tensors with the same values, by the name of their target.
  private let ties: [TensorName: [TensorName]]

  init(
    _ run: Run, _ tensors: [TensorRecord], _ checkpoint: Checkpoint, skipped: [TensorName],
    _ options: ComparisonOptions, _ explainer: MismatchExplainer
  ) throws {
    names = try NameMatcher(options, tensors.map(\.name), checkpoint.entries.map(\.name), run)
    (self.options, self.explainer, self.tensors) = (options, explainer, tensors)
    let names = names
    entries = Dictionary(grouping: checkpoint.entries) { names.key($0.name) }
    ties = Dictionary(grouping: tensors.filter { $0.tiedTo != nil }) { $0.tiedTo ?? $0.name }
      .reduce(into: [:]) { $0[$1.key] = [$1.key] + $1.value.map(\.name) }
    coverage.options = options
    coverage.warnings = checkpoint.warnings
    for tensor in tensors where names.isSelected(tensor.name) { try match(tensor) }
    if let slice = options.slice, !pairs.isEmpty, pairs.allSatisfy({ $0.elementCount == 0 }) {
      // Such a comparison would match any file.
      throw RegistryError.invalidArgument("the slice \(quoted: slice) selects no element of the tensors to compare")
    }
    try addUnexpected(checkpoint, skipped: skipped)
    coverage.comparedTensors = Set(pairs.map(\.tensor.name)).count
    if pairs.isEmpty, findings.isEmpty {
      findings.append(.init(.missing, nil, "the file holds none of the tensors to compare"))
    }
    explainNames()
  }

  private mutating func match(_ tensor: TensorRecord) throws {
    // A slice that does not fit is an error, whatever the file holds.
    if options.slice != nil { _ = try WinitRegistry.box(options.slice, of: tensor) }
    if let found = entries[names.key(tensor.name)] {
      for entry in found { try match(tensor, entry) }
      if let kept = found.first?.aliasOf { coverage.tied.append((tensor.name, heldAs: kept)) }
      return
    }
    if let (name, found) = heldTie(of: tensor) {
      coverage.tied.append((tensor.name, heldAs: name))
      // Otherwise the values are compared under the name that the file has.
      if !names.isSelected(name) { for entry in found { try match(tensor, entry) } }
    } else if options.isSubset {
      coverage.absent.append(tensor.name)
    } else {
      findings.append(.init(.missing, tensor.name, "the file does not hold this tensor"))
    }
  }

  /// Returns a tensor of the file that is tied to a tensor of the run, so that both have the same values.
  private func heldTie(of tensor: TensorRecord) -> (name: TensorName, entries: [Checkpoint.Entry])? {
    let target = tensor.tiedTo ?? tensor.name
    for other in ties[target] ?? [] where other != tensor.name {
      if let found = entries[names.key(other)] { return (other, found) }
    }
    return nil
  }

  private mutating func match(_ tensor: TensorRecord, _ entry: Checkpoint.Entry) throws {
    let recipe = tensor.recipe
    let isCast = entry.dtype != recipe.dtype
    let isComparable = !isCast || options.allowsCast && recipe.dtype.isFloatingPoint && entry.dtype.isFloatingPoint
    if !isComparable {
      var finding = Verification.Finding(.dtype, tensor.name, dtypeMessage(recipe.dtype, entry.dtype))
      finding.likelyCause = explainer.otherDType(tensor, entry)
      findings.append(finding)
    }
    guard let (box, holdsWhole) = try box(tensor, entry) else {
      var finding = Verification.Finding(.shape, tensor.name, try shapeMessage(tensor, entry))
      finding.likelyCause = shapeCause(tensor, entry)
      findings.append(finding)
      return
    }
    guard isComparable else { return }
    if isCast { coverage.countCast(recipe.dtype, entry.dtype) }
    pairs.append(
      Pair(tensor: tensor, entry: entry, box: box, holdsWhole: holdsWhole, isCast: isCast))
  }

  /// Returns the elements to compare, and whether the file holds the whole tensor; nil if the shapes do not fit.
  private func box(_ tensor: TensorRecord, _ entry: Checkpoint.Entry) throws -> (Box, holdsWhole: Bool)? {
    let shape = tensor.recipe.shape
    let box = try WinitRegistry.box(options.slice, of: tensor)
    if entry.shape == shape { return (box, true) }
    if options.slice != nil, entry.shape == box.resultShape { return (box, false) }
    guard options.isSubset, options.slice == nil, let offsets = entry.shardOffsets, offsets.count == shape.rank else {
      return nil
    }
    let ranges = zip(offsets, entry.shape.dims).map { $0..<$0 + $1 }
    guard zip(ranges, shape.dims).allSatisfy({ $0.upperBound <= $1 }), tensor.recipe.dtype.hasWholeBytes else {
      return nil
    }
    return (Box(leading: ranges, of: shape), false)
  }

  private func dtypeMessage(_ run: WinitCore.DType, _ file: WinitCore.DType) -> String {
    let message = "the dtype is \(run) in the run and \(file) in the file"
    guard !options.allowsCast, run.isFloatingPoint, file.isFloatingPoint else { return message }
    return message + ". With --cast, the file is compared with the values rounded to \(file)"
  }

  private func shapeMessage(_ tensor: TensorRecord, _ entry: Checkpoint.Entry) throws -> String {
    let file =
      entry.shardOffsets.map { "\(entry.shape) from \(Verification.text(position: $0)) on in the file" }
      ?? "\(entry.shape) in the file"
    guard options.slice != nil else { return "the shape is \(tensor.recipe.shape) in the run and \(file)" }
    let slice = try WinitRegistry.box(options.slice, of: tensor).resultShape
    return "the shape is \(tensor.recipe.shape) in the run, that of the slice is \(slice), and \(file)"
  }

  private func shapeCause(_ tensor: TensorRecord, _ entry: Checkpoint.Entry) -> String? {
    if entry.shardOffsets != nil, !options.isSubset {
      return "the file holds one rank's shard; with --subset, the shard is compared with its part of the tensor"
    }
    return explainer.otherShape(tensor, entry)
  }

  /// Adds a finding for each tensor of the file that the run does not have, and that its spec did not skip.
  private mutating func addUnexpected(_ checkpoint: Checkpoint, skipped: [TensorName]) throws {
    let known = Set(tensors.map { names.key($0.name) })
    let skipped = Set(skipped.map { names.key($0) })
    var seen: Set<TensorName> = []
    // Under another name that `save_model` removed, the run has this tensor, and it is compared.
    let kept = Set(checkpoint.entries.filter { known.contains(names.key($0.name)) }.compactMap(\.aliasOf))
    for entry in checkpoint.entries where !known.contains(names.key(entry.name)) && names.isSelected(entry.name) {
      guard entry.aliasOf == nil, !kept.contains(entry.name), seen.insert(entry.name).inserted else { continue }
      if skipped.contains(names.key(entry.name)) {
        coverage.skipped.append(entry.name)
      } else {
        findings.append(.init(.unexpected, entry.name, "the file holds this tensor, and the run does not"))
      }
    }
  }

  /// Names the likely cause if only the names differ by a prefix, or if tensors are missing and no others are there.
  private mutating func explainNames() {
    let unexpected = findings.filter { $0.kind == .unexpected }.compactMap(\.tensorName)
    guard let first = findings.firstIndex(where: { $0.kind == .missing || $0.kind == .unexpected }) else { return }
    if unexpected.isEmpty {
      if pairs.isEmpty { return }
      findings[first].likelyCause = "the file holds a part of the run; with --subset, only this part is compared"
    } else {
      findings[first].likelyCause = names.prefixCause(unexpected, tensors.map(\.name))
    }
  }
}
