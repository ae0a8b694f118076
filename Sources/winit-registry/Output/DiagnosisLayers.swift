// The signal and the gradient of the layers: a bar for each on a logarithmic axis.

import WinitDiagnosis

/// A line of the table of layers.
private struct LayerLine {
  let layer: LayerDiagnosis
  let signal: Double?
  /// Relative to the last layer of the path.
  let gradient: Double?
}

extension Diagnosis {
  /// The number of layers that are shown without `--all`.
  private static let maximumLayers = 16

  /// The table of the layers; nil without layers. A layer inside a residual branch is shown with `--all`.
  func layerText(isUnfolded: Bool, width: Int?, _ glyphs: DiagnosisGlyphs) -> String? {
    let onPath = layers.contains { !$0.isMainPath } && !isUnfolded ? layers.filter(\.isMainPath) : layers
    guard let first = onPath.first else { return nil }
    let isMeasured = first.measured != nil
    // An assumed chain has a curve for each assumption.
    let curves = onPath.first?.isAssumed == true ? onPath.split(afterRepeats: \.name) : [onPath]
    let limit = isUnfolded ? Int.max : Diagnosis.maximumLayers / curves.count
    let lines = curves.map { self.lines($0, isMeasured) }
    let shown = lines.flatMap { Diagnosis.sample($0, limit) }
    let count = lines.reduce(0) { $0 + $1.count }
    // A bar of a narrow terminal has one character for a decade.
    let cells = width.map { $0 < 110 } ?? false ? 1 : 2
    let scale = DiagnosisGlyphs.scale(cells: cells)
    let columns = [
      Table.Column("LAYER", .key), Table.Column("ACTIVATION", isOptional: true),
      Table.Column("SIGNAL", isRightAligned: true), Table.Column(scale),
      Table.Column("GRADIENT", isRightAligned: true), Table.Column(scale + " "),
    ]
    let rows = shown.map { line in
      [
        line.layer.name, line.layer.activationText, significant(line.signal), glyphs.bar(line.signal, cells: cells),
        significant(line.gradient), glyphs.bar(line.gradient, cells: cells),
      ]
    }
    var texts = [
      Table(columns, rows, omitted: ["ACTIVATION", scale + " ", scale]).text
    ]
    if onPath.count < layers.count { texts.append("the main path; --all shows the layers of the branches too") }
    if shown.count < count { texts.append("\(shown.count) of \(count) layers; --all shows each") }
    texts.append(
      isMeasured
        ? "signal: std over the batch, measured; gradient: norm per sample, relative to the last layer"
        : "signal and gradient by theory; the gradient is relative to the last layer")
    return texts.joined(separator: "\n")
  }

  /// The lines of layers of one path.
  private func lines(_ layers: [LayerDiagnosis], _ isMeasured: Bool) -> [LayerLine] {
    let unit = layers.measuredGradientUnit ?? 1
    return layers.map { layer in
      guard isMeasured else {
        return LayerLine(layer: layer, signal: layer.theory?.signal, gradient: layer.theory?.gradient)
      }
      return LayerLine(
        layer: layer, signal: layer.measured?.signal, gradient: layer.measured?.gradient.map { $0 / unit })
    }
  }

  /// Returns the first, the last and lines at equal distances between them.
  private static func sample(_ lines: [LayerLine], _ limit: Int) -> [LayerLine] {
    guard lines.count > limit, limit > 1 else { return lines }
    return (0..<limit).map { lines[($0 * (lines.count - 1) + (limit - 1) / 2) / (limit - 1)] }
  }
}

extension LayerDiagnosis {
  /// The activation; with a question mark if it is an assumption.
  fileprivate var activationText: String { isAssumed ? "\(activation ?? "linear")?" : activation ?? "" }
}

extension Array {
  /// Splits the array before each element whose key is that of the first one.
  fileprivate func split(afterRepeats key: (Element) -> String) -> [[Element]] {
    var parts: [[Element]] = []
    for element in self {
      if let first, parts.isEmpty || key(first) == key(element) { parts.append([]) }
      parts[parts.count - 1].append(element)
    }
    return parts
  }
}
