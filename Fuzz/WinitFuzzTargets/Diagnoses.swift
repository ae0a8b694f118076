// The reader of diagnoses, and the page and the pictures that are drawn from them.

import WinitDiagnosis
import WinitJSON
import WinitReport

extension FuzzTarget {
  /// What is read is written and read again as the same. A page of it has one script and no elements but its own, and
  /// each figure has a safe name.
  static let diagnosis = FuzzTarget("diagnosis") { bytes in
    let diagnosis: Diagnosis
    do throws(DocumentError) { diagnosis = try Diagnosis(parsing: bytes) } catch { return .refused(error.description) }
    let canonical = diagnosis.json.canonical
    let again = try Diagnosis(parsing: Array(canonical.utf8))
    try expect(same(again.json.canonical, canonical), "`\(canonical)` changes")
    let html = ReportPage(diagnoses: [diagnosis, again]).html
    let count = html.utf8.split(separator: UInt8(ascii: "<")).count { $0.starts(with: "script".utf8) }
    try expect(count == 1, "the page has \(count) scripts")
    let isVisible = html.utf8.allSatisfy { $0 >= 0x20 || $0 == UInt8(ascii: "\n") }
    try expect(isVisible, "the page has a control character")
    for file in ReportFigures(diagnoses: [diagnosis]).files {
      let isSafe = file.name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") }
      try expect(isSafe && file.name.first != ".", "the figure `\(file.name)` has no safe name")
    }
    let members = TensorFamily.families(of: diagnosis.tensors).reduce(0) { $0 + $1.members.count }
    try expect(members == diagnosis.tensors.count, "the families have \(members) tensors")
    return .accepted
  }
}
