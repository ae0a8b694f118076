// report: diagnoses drawn on a page, and their pictures as files.

import WinitCore
package import WinitDiagnosis
import WinitFiles
package import WinitJSON
import WinitReport

/// The result of writing a report.
package struct DiagnosisReportReceipt: Sendable, JSONReport {
  /// The page; `-` for standard output.
  package let path: String
  package let diagnoses: [Diagnosis]
  /// The size of the page, in bytes.
  package let byteCount: Int
  /// The folder of the figures; nil if none were asked for.
  package let figures: String?
  /// The names of the files in the folder.
  package let figureNames: [String]
  /// The number of histograms that are left out, because there would be too many files.
  package let omittedFigures: Int

  package var jsonValue: JSONValue {
    [
      "path": .string(path), "bytes": .integer(byteCount), "figures": .optional(figures),
      "figure_files": .strings(figureNames), "figures_omitted": .integer(omittedFigures),
      "diagnoses": .array(diagnoses.map(\.json)),
    ]
  }
}

/// A page about diagnoses.
package struct DiagnosisReport: Sendable {
  package let diagnoses: [Diagnosis]

  package init(_ diagnoses: [Diagnosis]) { self.diagnoses = diagnoses }

  /// The page, in UTF-8.
  private var html: [UInt8] { Array(ReportPage(diagnoses: diagnoses).html.utf8) }

  /// Writes the page to a file, and its pictures to a new folder. The file and the folder appear whole or not at all; a
  /// folder is written first.
  ///
  /// - Parameters:
  ///   - path: the path of the page.
  ///   - figures: the path of the folder, which must not exist or must be empty; nil for no figures.
  ///   - replacing: whether a file at the path may be replaced.
  ///   - registry: the path of a registry in use, which is never replaced; nil for none.
  /// - Throws: `RegistryError` with the code `fileExists`, `fileNotFound` if a folder does not exist, or `io`.
  package func write(
    to path: String, figures: String? = nil, replacing: Bool = false, protecting registry: String? = nil
  ) throws -> DiagnosisReportReceipt {
    try translatingErrors {
      let page = html
      let file = try OutputFile(path, replacing: replacing, protected: registry, byteCount: page.count)
      try file.write(page)
      let pictures = figures.map { _ in ReportFigures(diagnoses: diagnoses) }
      if let figures, let pictures { try write(pictures, to: figures, protecting: registry) }
      try file.commit()
      return DiagnosisReportReceipt(
        path: path, diagnoses: diagnoses, byteCount: page.count, figures: figures,
        figureNames: pictures?.files.map(\.name) ?? [], omittedFigures: pictures?.omitted ?? 0)
    }
  }

  /// Writes the page to standard output.
  package func writeToStandardOutput() throws {
    try translatingErrors { try StandardOutput().write(html) }
  }

  private func write(_ figures: ReportFigures, to path: String, protecting registry: String?) throws {
    let files = figures.files
    let folder = try OutputFolder(
      path, byteCount: files.reduce(0) { $0 + $1.svg.utf8.count }, protected: registry)
    for file in files {
      let output = try OutputFile(file.name, in: folder)
      try output.write(Array(file.svg.utf8))
      try output.commit()
    }
    try folder.commit()
  }
}
