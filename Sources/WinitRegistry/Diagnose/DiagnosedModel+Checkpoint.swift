// The model of a checkpoint on disk, by itself or beside a spec that says how it should have been made.

import WinitCore
import WinitDiagnosis
import WinitFiles
import WinitInitializers
import WinitSpec

extension DiagnosedModel {
  /// - Parameters:
  ///   - plan: a spec, resolved for the tensors of the checkpoint; nil for none.
  ///   - spec: the file of the spec, or the preset.
  ///   - layout: the layout of the weights that the spec does not name; nil for torch's, which is then an assumption.
  init(_ path: String, plan: Plan?, spec: String?, layout: Layout?) throws {
    let checkpoint = try Checkpoint(path)
    let entries = checkpoint.entries
    let recipes = try plan?.recipes(seed: 0) ?? []
    let planned = Dictionary(zip(plan?.tensors ?? [], recipes).map { ($0.name, ($0, $1)) }) { first, _ in first }
    var subject = DiagnosisSubject(.file, name: path, toolVersion: Registry.version)
    subject.spec = spec
    var isLayoutUnknown = false
    let tensors = entries.map { entry in
      var tensor = DiagnosedTensor(name: entry.name, shape: entry.shape, dtype: entry.dtype)
      if let plan, let (made, recipe) = planned[entry.name], made.shape == entry.shape {
        tensor = DiagnosedTensor(made, recipe, plan)
        // The file may have another floating-point dtype than the spec.
        tensor = tensor.withDType(entry.dtype)
      } else {
        tensor.fanSource = .layout(layout ?? .torch)
        tensor.isLayoutAssumed = layout == nil
        if layout == nil, entry.shape.rank > 1 { isLayoutUnknown = true }
      }
      tensor.hasOwnBytes = entry.aliasOf == nil
      if let target = entry.aliasOf { tensor.tiedTo = target }
      return tensor
    }
    self.init(subject, tensors) { sources in
      let source = CheckpointChunks(entries: sources.map { entries[$0] })
      return { chunks, buffers in try source.read(chunks, into: buffers).compactMap(\.digest) }
    }
    isForeign = true
    notes += checkpoint.warnings
    if let plan { add(plan) }
    if isLayoutUnknown {
      notes.append(DiagnosedModel.assumedLayout + ". `--layout keras` reads [in, out] and […, in, out]")
    }
  }
}

extension DiagnosedTensor {
  /// Returns the tensor with another dtype.
  fileprivate func withDType(_ dtype: WinitCore.DType) -> DiagnosedTensor {
    var tensor = DiagnosedTensor(name: name, shape: shape, dtype: dtype)
    (tensor.fanSource, tensor.isLayoutAssumed, tensor.law) = (fanSource, isLayoutAssumed, law)
    (tensor.scheme, tensor.schemeText, tensor.isNamedBySpec, tensor.tiedTo) = (
      scheme, schemeText, isNamedBySpec, tiedTo
    )
    return tensor
  }
}
