// Pictures, as the files for a paper have them.

import Foundation
import Testing
import WinitDiagnosis
import WinitReport

@Suite struct PictureTests {
  private func figure(_ name: String, _ diagnoses: Diagnosis...) throws -> String {
    let files = ReportFigures(diagnoses: diagnoses).files
    return try #require(files.first { $0.name == name }, "\(files.map(\.name))").svg
  }

  /// The points of the first line of a picture.
  private func line(_ svg: String) throws -> [(x: Double, y: Double)] {
    let path = try #require(svg.firstMatch(of: /<path class="ln c0 d0" d="(M[^"z]*L[^"]*)"/)).output.1
    return path.split(whereSeparator: { "ML".contains($0) }).map { point in
      let numbers = point.split(separator: " ").compactMap { Double($0) }
      return (numbers[0], numbers[1])
    }
  }

  @Test func `equal factors are equal steps on the axis, and layers are equally far apart`() throws {
    let points = try line(try figure("signal.svg", SampleDiagnosis.chain("m:v1", factor: 0.1, layers: 7)))
    #expect(points.count == 7)
    let steps = zip(points, points.dropFirst()).map { ($1.x - $0.x, $1.y - $0.y) }
    for step in steps {
      #expect(abs(step.0 - steps[0].0) < 0.15)
      #expect(abs(step.1 - steps[0].1) < 0.15)
      #expect(step.1 > 10)
    }
  }

  @Test func `the grid line of a power of ten has the height of a value that is equal to it`() throws {
    let svg = try figure("signal.svg", SampleDiagnosis.chain("m:v1", factor: 0.1, layers: 7))
    let points = try line(svg)
    // The second layer has the signal 0.01.
    let label = try #require(svg.firstMatch(of: /y="([0-9.]+)" text-anchor="end">10<tspan[^>]*>−2</)).output.1
    #expect(abs(try #require(Double(label)) - 4 - points[1].y) < 0.15)
    let mark = try #require(svg.firstMatch(of: /class="mk" d="M[0-9.]+ ([0-9.]+)h/)).output.1
    #expect(abs(try #require(Double(mark)) - points[2].y) < 0.15)
  }

  @Test func `a value that is unknown is a gap, and a value that is 0 a triangle`() throws {
    var diagnosis = SampleDiagnosis.chain("m:v1", factor: 0.5, layers: 6)
    for i in diagnosis.layers.indices { diagnosis.layers[i].measured = nil }
    diagnosis.layers[2].theory?.signal = .nan
    let svg = try figure("signal.svg", diagnosis)
    let path = try #require(svg.firstMatch(of: /<path class="ln c0 d0" d="(M[^"]*L[^"]*)"/)).output.1
    #expect(path.count { $0 == "M" } == 2)
    #expect(!svg.contains("exactly 0"))
    diagnosis.layers[4].theory?.signal = 0
    #expect(try figure("signal.svg", diagnosis).contains("exactly 0"))
  }

  @Test func `a measured gradient is relative to that of the last layer`() throws {
    var diagnosis = SampleDiagnosis.chain("m:v1", factor: 1, layers: 3)
    for (i, gradient) in [2e-4, 2e-3, 2e-2].enumerated() {
      diagnosis.layers[i].measured?.gradient = gradient
      diagnosis.layers[i].theory = nil
    }
    let html = ReportPage(diagnoses: [diagnosis]).html
    #expect(html.contains("1 net.0.weight: 0.01000, measured"))
    #expect(html.contains("3 net.2.weight: 1, measured"))
    // The table has the gradient as it was measured.
    #expect(html.contains("<td>2.000e-4</td>"))
  }

  @Test func `layers of branches are no part of the curve`() throws {
    var diagnosis = SampleDiagnosis.chain("m:v1", factor: 0.5, layers: 6)
    diagnosis.layers[3].isMainPath = false
    let svg = try figure("signal.svg", diagnosis)
    #expect(try line(svg).count == 5)
    #expect(svg.contains("class=\"off c0\""))
  }

  @Test func `the bars of a histogram have heights in proportion to its counts`() throws {
    var diagnosis = SampleDiagnosis.chain("m:v1", factor: 1, layers: 1)
    diagnosis.tensors[0].law = nil
    diagnosis.tensors[0].histogram = Histogram(low: 0, high: 4, counts: [10, 40, 20, 0])
    let html = ReportPage(diagnoses: [diagnosis]).html
    // The picture is 168 wide and 40 high, with a margin of 1 below and 2 above.
    #expect(html.contains("d=\"M0 39V29.8H42V2H84V20.5H126V39H168V39z\""))
  }

  @Test func `hostile names give file names that are safe and all different`() {
    var diagnosis = SampleDiagnosis.hostile
    let tensor = SampleDiagnosis.tensor("")
    for name in [
      "a/b", "a\\b", "../../etc/passwd", "A/B", "..", "CON", "-rf", "a b", String(repeating: "é", count: 300),
    ] {
      var tensor = tensor
      tensor.name = name
      diagnosis.tensors.append(tensor)
    }
    let names = ReportFigures(diagnoses: [diagnosis, diagnosis]).files.map(\.name)
    #expect(names.count > 40)
    for name in names {
      #expect(name.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._-]*\.svg/) != nil, "\(name)")
      #expect(name.utf8.count <= 120)
      #expect(!name.contains(".."))
    }
    #expect(Set(names.map { $0.lowercased() }).count == names.count)
  }

  @Test func `a family of tensors is one figure, and figures need no style sheet of a page`() {
    let files = ReportFigures(diagnoses: [SampleDiagnosis.chain("m:v1", factor: 1)]).files
    #expect(
      files.map(\.name) == [
        "signal.svg", "gradient.svg", "cosine.svg", "dead.svg", "spectrum.svg", "histogram-net._0-11_.weight.svg",
      ])
    for file in files {
      #expect(!file.svg.contains("var("), "\(file.name)")
      #expect(file.svg.contains("fill=\"#fff\""))
      #expect(file.svg.contains("font-family"))
    }
  }

  @Test func `a hostile file gives at most 2,000 histograms, and the rest is counted`() {
    var diagnosis = Diagnosis(subject: DiagnosisSubject(.file, name: "f", toolVersion: "1"))
    for i in 0..<2005 {
      var tensor = SampleDiagnosis.tensor("t\(i)")
      tensor.shape = [i]
      diagnosis.tensors.append(tensor)
    }
    let figures = ReportFigures(diagnoses: [diagnosis])
    #expect(figures.files.count == 2000)
    #expect(figures.omitted == 5)
  }
}
