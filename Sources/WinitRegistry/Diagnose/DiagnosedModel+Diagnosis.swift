// The diagnosis of a model: its tensors, its layers, and the findings.

import WinitCore
import WinitDiagnosis
import WinitInitializers
import WinitJSON

extension DiagnosedModel {
  /// Makes the diagnosis.
  ///
  /// - Parameter progress: called with the bytes that were read and the size of all tensors.
  func diagnosis(_ options: DiagnosisOptions, progress: ProgressHandler?) throws -> Diagnosis {
    var model = self
    model.findChain()
    return try model.chainedDiagnosis(options, progress: progress)
  }

  private func chainedDiagnosis(_ options: DiagnosisOptions, progress: ProgressHandler?) throws -> Diagnosis {
    let scanned = try scan(threads: options.threads, progress: progress)
    var notes = notes
    let tied = tiedTensors(scanned, &notes)
    let statistics = scanned.map(\.statistics)
    let evidence = try LayerEvidence(self, statistics, options)
    let spectra = options.hasSpectrum ? try spectra(scanned, options) : [:]

    var observed = FindingEvidence(
      tensors: tensors.indices.map { i in
        let tensor = tensors[i]
        var result = ObservedTensor(
          name: tensor.name, shape: tensor.shape, dtype: tensor.dtype, fanSource: tensor.fanSource,
          statistics: statistics[i], digest: scanned[i].digest, law: tensor.law, scheme: tensor.scheme,
          isForeign: isForeign, tiedTo: tied[i])
        (result.isNamedBySpec, result.isLayoutAssumed) = (tensor.isNamedBySpec, tensor.isLayoutAssumed)
        result.spectrum = spectra[i]
        return result
      })
    (observed.layers, observed.network) = (evidence.layers, evidence.network)
    (observed.isNetworkAssumed, observed.batch) = (evidence.isAssumed, evidence.batch)
    let report = FindingRules.report(on: observed, allowing: allowed.reason(for:))

    var diagnosis = Diagnosis(subject: subject)
    diagnosis.tensors = tensors.indices.map { i in
      var tensor = TensorDiagnosis(tensors[i], statistics[i], tiedTo: tied[i])
      tensor.spectrum = spectra[i]
      return tensor
    }
    (diagnosis.network, diagnosis.layers, diagnosis.loss) = (evidence.summary, evidence.layers, evidence.loss)
    (diagnosis.findings, diagnosis.allowed, diagnosis.declared) = (report.findings, report.allowed, report.declared)
    diagnosis.notes = notes + evidence.notes + [TrainedWeights.note(observed.tensors)].compactMap(\.self)
    return diagnosis
  }

  /// Returns the target of each tied tensor. In a file, a tensor that the spec ties may have other bytes than its
  /// target, and is then no tied tensor.
  private func tiedTensors(_ scanned: [ScannedTensor], _ notes: inout [String]) -> [TensorName?] {
    let digests = Dictionary(zip(tensors.map(\.name), scanned.map(\.digest))) { first, _ in first }
    return tensors.indices.map { i in
      guard let target = tensors[i].tiedTo else { return nil }
      guard tensors[i].hasOwnBytes, let digest = digests[target], digest != scanned[i].digest else { return target }
      notes.append(
        "tensor \(quoted: tensors[i].name) has other bytes than \(quoted: target), to which the spec ties it")
      return nil
    }
  }
}

extension TensorDiagnosis {
  /// Creates the facts of a tensor.
  init(_ tensor: DiagnosedTensor, _ statistics: TensorStatistics, tiedTo target: TensorName?) {
    self.init(
      name: tensor.name.string, shape: tensor.shape.dims, dtype: tensor.dtype.rawValue,
      count: tensor.shape.elementCount)
    (mean, std) = (statistics.mean, statistics.mean.map { _ in statistics.std })
    (min, max) = (statistics.minimum, statistics.maximum)
    (skewness, kurtosis) = (statistics.skewness, statistics.kurtosis)
    (zeros, nan, infinite) = (statistics.zeros, statistics.nan, statistics.infinite)
    let fans = tensor.fanSource.effectiveFans(of: tensor.shape)
    (fanIn, fanOut) = (fans?.fanIn, fans?.fanOut)
    histogram = statistics.histogram
    if let law = tensor.law, let moments = LawMoments(law, shape: tensor.shape) {
      expectedStd = moments.std
      z = std.flatMap { moments.z(std: $0, count: statistics.count) }
    }
    scheme = tensor.schemeText
    law = tensor.law?.json(tiedTo: tensor.tiedTo)
    tiedTo = target?.string
  }
}
