// The table of tensors of a diagnosis: one line for each family.

import WinitDiagnosis

extension Diagnosis {
  /// The table of the tensors.
  ///
  /// - Parameter isUnfolded: whether each tensor has a line of its own.
  func tensorTable(isUnfolded: Bool, _ glyphs: DiagnosisGlyphs) -> Table {
    let families =
      isUnfolded
      ? tensors.map { TensorLine(label: $0.name, members: [$0]) }
      : TensorFamily.families(of: tensors).map { TensorLine(label: $0.label, members: $0.members) }
    let columns = [
      Table.Column("TENSOR", .key), Table.Column("SHAPE"), Table.Column("DTYPE", isOptional: true),
      Table.Column("MEAN", isRightAligned: true), Table.Column("STD", isRightAligned: true),
      Table.Column("EXPECTED", isRightAligned: true, isOptional: true),
      Table.Column("Z", isRightAligned: true, isOptional: true), Table.Column("HISTOGRAM", isOptional: true),
      Table.Column("SIGMA MAX", isRightAligned: true, isOptional: true),
    ]
    // One dtype for all needs no column.
    let hasDTypes = Set(tensors.map(\.dtype)).count > 1
    return Table(
      columns, families.map { $0.row(hasDType: hasDTypes, glyphs) },
      omitted: ["DTYPE", "SIGMA MAX", "EXPECTED", "SHAPE", "MEAN", "Z", "HISTOGRAM"])
  }
}

/// A line of the table: a family of tensors, or one tensor.
private struct TensorLine {
  let label: String
  let members: [TensorDiagnosis]

  func row(hasDType: Bool, _ glyphs: DiagnosisGlyphs) -> [String] {
    let first = members[0]
    let name = members.count == 1 ? label : "\(label) \(glyphs.times) \(members.count)"
    return [
      name, "\(first.shape)", hasDType ? first.dtype : "",
      first.tiedTo == nil ? significant(mean) : "",
      first.tiedTo == nil ? range(of: members.compactMap(\.std)) : "",
      first.tiedTo == nil ? range(of: members.compactMap(\.expectedStd)) : "", worstZ, picture(glyphs), spectrum,
    ]
  }

  /// The mean of all elements of the family.
  private var mean: Double? {
    let known = members.filter { $0.mean != nil }
    let count = known.reduce(0.0) { $0 + Double($1.count) }
    return count > 0 ? known.reduce(0) { $0 + ($1.mean ?? 0) * Double($1.count) } / count : nil
  }

  /// The z of the member whose std is farthest from the expected one.
  private var worstZ: String {
    let worst = members.compactMap(\.z).max { abs($0) < abs($1) }
    return worst.map { value in
      let rounded = (value * 10).rounded() / 10
      return abs(value) < 1000 ? "\(rounded > 0 ? "+" : "")\(rounded == 0 ? 0 : rounded)" : significant(value)
    } ?? ""
  }

  private var spectrum: String {
    let values = members.compactMap(\.spectrum)
    guard let edge = values.map(\.edge).max() else { return "" }
    return "\(range(of: values.map(\.largest))) (edge \(significant(edge)))"
  }

  /// The histogram of all members; words for a tie, for constants and for elements that are not finite.
  private func picture(_ glyphs: DiagnosisGlyphs) -> String {
    if let target = members[0].tiedTo { return "tied to \(target)" }
    let nonfinite = members.reduce(0) { $0 &+ $1.nonfinite }
    let suffix = nonfinite > 0 ? " \(grouped(nonfinite)) not finite" : ""
    let (lows, highs) = (members.compactMap(\.min), members.compactMap(\.max))
    guard let low = lows.min(), let high = highs.max() else { return suffix.trimmingPrefix(" ").description }
    if low == high { return "all \(significant(low))" + suffix }
    let intervals = 16
    var counts = [Double](repeating: 0, count: intervals)
    for histogram in members.compactMap(\.histogram) {
      let width = (histogram.high - histogram.low) / Double(max(1, histogram.counts.count))
      for (index, count) in histogram.counts.enumerated() {
        let center = histogram.low + (Double(index) + 0.5) * width
        let place = (center - low) / (high - low) * Double(intervals)
        guard place.isFinite else { continue }
        // The numbers of a document from elsewhere need not fit each other.
        counts[Int(max(0, min(Double(intervals - 1), place)))] += Double(count)
      }
    }
    return glyphs.histogram(counts) + suffix
  }
}
