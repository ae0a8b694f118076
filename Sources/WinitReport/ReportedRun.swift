// A diagnosis in a report: its name there, its color, and where its layers are on the common axis.

import WinitDiagnosis

/// A diagnosis with what tells it apart from the others of a report.
struct ReportedRun {
  /// The diagnosis, under a name that no other diagnosis of the report has.
  var diagnosis: Diagnosis
  /// The position in the report.
  let index: Int
  /// The number of the color. The diagnoses of one run, that of its weights and that of its model, have one color.
  let color: Int
  /// The number of the diagnosis among those of its run.
  let variant: Int
  /// The positions of layers by name, from the longest diagnosis of the run; empty if the diagnosis numbers its layers.
  var positions: [String: Int] = [:]

  var name: String { diagnosis.subject.name }

  /// Returns the diagnoses of a report in their order.
  static func runs(_ diagnoses: [Diagnosis]) -> [ReportedRun] {
    var colors: [String: (color: Int, count: Int)] = [:]
    var colorCount = 0
    var runs: [ReportedRun] = []
    for (index, diagnosis) in diagnoses.enumerated() {
      var entry = diagnosis.subject.id.flatMap { colors[$0] } ?? (colorCount, 0)
      if entry.count == 0 { colorCount += 1 }
      runs.append(ReportedRun(diagnosis: diagnosis, index: index, color: entry.color, variant: entry.count))
      entry.count += 1
      if let id = diagnosis.subject.id { colors[id] = entry }
    }
    nameApart(&runs)
    align(&runs)
    return runs
  }

  /// Adds to equal names what was diagnosed, and a number where that is equal too.
  private static func nameApart(_ runs: inout [ReportedRun]) {
    func count(_ names: [String]) -> [String: Int] { names.reduce(into: [:]) { $0[$1, default: 0] += 1 } }
    let names = count(runs.map(\.name))
    for i in runs.indices where names[runs[i].name, default: 0] > 1 {
      runs[i].diagnosis.subject.name += runs[i].diagnosis.subject.kind == .model ? " (model)" : " (weights)"
    }
    let distinct = count(runs.map(\.name))
    var seen: [String: Int] = [:]
    for i in runs.indices where distinct[runs[i].name, default: 0] > 1 {
      let name = runs[i].name
      seen[name, default: 0] += 1
      runs[i].diagnosis.subject.name += " \(seen[name, default: 0])"
    }
  }

  /// Gives the diagnoses of one run a common axis, where the layers on the main path of the shorter one are layers of
  /// the longer one.
  private static func align(_ runs: inout [ReportedRun]) {
    for i in runs.indices {
      guard let id = runs[i].diagnosis.subject.id else { continue }
      let sameRun = runs.filter { $0.diagnosis.subject.id == id }
      guard let longest = sameRun.max(by: { $0.diagnosis.layers.count < $1.diagnosis.layers.count }) else { continue }
      let layers = longest.diagnosis.layers
      if longest.index == runs[i].index || layers.contains(where: \.isAssumed) { continue }
      let positions = Dictionary(layers.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
      let path = runs[i].diagnosis.layers.filter(\.isMainPath)
      if path.allSatisfy({ positions[$0.name] != nil }) { runs[i].positions = positions }
    }
  }
}
