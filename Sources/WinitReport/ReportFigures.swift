// The pictures of a report as files for a paper.

package import WinitDiagnosis

/// The pictures of diagnoses as SVG files: one file for each quantity along the layers, with the curves of all runs,
/// and one for each family of tensors.
package struct ReportFigures: Sendable {
  /// A picture as a file.
  package struct File: Sendable {
    /// The name of the file, in letters, digits, `.`, `_` and `-` of ASCII. No two files have names that differ by
    /// case alone, which some file systems cannot keep.
    package let name: String
    /// The text of the file, in UTF-8.
    package let svg: String
  }

  /// The maximum number of histograms, so that a hostile file cannot fill a folder.
  package static let maximumHistograms = 2000

  package let files: [File]
  /// The number of histograms that are left out.
  package let omitted: Int

  package init(diagnoses: [Diagnosis]) {
    var names = FigureNames()
    var files: [File] = []
    let runs = ReportedRun.runs(diagnoses)
    let curves = runs.map(LayerCurves.init)
    for kind in LayerChart.allCases {
      guard let chart = kind.chart(curves) else { continue }
      let picture = chart.picture(width: 480, height: 320, hasLabels: false)
      files.append(File(name: names.name(kind.rawValue), svg: picture.file))
    }
    var (histograms, omitted) = (0, 0)
    for run in runs {
      let diagnosis = run.diagnosis
      let prefix = diagnoses.count > 1 ? "\(shortened(diagnosis.subject.name, limit: 40))-" : ""
      if let chart = BarChart(spectrumOf: diagnosis, color: run.color) {
        let picture = chart.picture(width: 480, height: 240, hasLabels: false)
        files.append(File(name: names.name("spectrum-\(prefix)"), svg: picture.file))
      }
      for family in TensorFamily.families(of: diagnosis.tensors) {
        guard let picture = FamilyHistogram(family)?.picture(width: 320, height: 220) else { continue }
        guard histograms < ReportFigures.maximumHistograms else {
          omitted += 1
          continue
        }
        histograms += 1
        files.append(File(name: names.name("histogram-\(prefix)\(family.label)"), svg: picture.file))
      }
    }
    (self.files, self.omitted) = (files, omitted)
  }
}
