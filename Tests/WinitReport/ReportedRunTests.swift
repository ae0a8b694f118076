// Several diagnoses of one run in a report.

import Foundation
import Testing
import WinitDiagnosis
import WinitReport

@Suite struct ReportedRunTests {
  /// The weights of a run with theory alone, and the model of the run with measurements alone and two layers more.
  private func weightsAndModel(id: String?) -> [Diagnosis] {
    var weights = SampleDiagnosis.chain("m:v1", factor: 0.1, layers: 6)
    for i in weights.layers.indices { weights.layers[i].measured = nil }
    var model = SampleDiagnosis.chain("m:v1", factor: 0.1, layers: 6)
    for i in model.layers.indices { model.layers[i].theory = nil }
    let norm = LayerDiagnosis(name: "norm.weight", kind: "norm", activation: nil)
    model.layers.insert(norm, at: 0)
    model.layers.insert(norm, at: 3)
    model.subject.kind = .model
    (weights.subject.id, model.subject.id) = (id, id)
    return [weights, model]
  }

  private func signal(_ diagnoses: [Diagnosis]) throws -> String {
    try #require(ReportFigures(diagnoses: diagnoses).files.first { $0.name == "signal.svg" }).svg
  }

  private func theory(_ svg: String) throws -> [Double] {
    let path = try #require(svg.firstMatch(of: /<path class="ln c0 d0" d="(M[^"]*L[^"]*)"/)).output.1
    return path.split(whereSeparator: { "ML".contains($0) }).compactMap {
      $0.split(separator: " ").first.flatMap { Double($0) }
    }
  }

  /// The centers of the points of the second series, which are squares of the side 6.4.
  private func measured(_ svg: String, color: String) throws -> [Double] {
    let path = try #require(svg.matches(of: /<path class="pt (c[0-9])" d="([^"]*)"/).last { $0.output.1 == color })
      .output.2
    return path.matches(of: /M([0-9.]+) [0-9.]+h/).compactMap { Double($0.output.1).map { $0 + 3.2 } }
  }

  @Test func `theory and fact of one run share a color, and a layer of both has one place`() throws {
    let svg = try signal(weightsAndModel(id: "sha256:1"))
    #expect(!svg.contains("class=\"ln c1"))
    let (theory, measured) = (try theory(svg), try measured(svg, color: "c0"))
    #expect(theory.count == 6)
    #expect(measured.count == 6)
    for (a, b) in zip(theory, measured) { #expect(abs(a - b) < 0.2) }
    // The second norm is between the second and the third layer.
    #expect(theory[2] - theory[1] > 1.9 * (theory[1] - theory[0]))
  }

  @Test func `diagnoses of different runs have colors of their own and count their own layers`() throws {
    let svg = try signal(weightsAndModel(id: nil))
    #expect(svg.contains("class=\"ln thin c1\""))
    let theory = try theory(svg)
    #expect(abs(theory[2] - theory[1] - (theory[1] - theory[0])) < 0.2)
  }

  @Test func `diagnoses of one name are told apart`() {
    let pair = weightsAndModel(id: "sha256:1")
    let html = ReportPage(diagnoses: pair + [pair[0]]).html
    for name in ["m:v1 (weights) 1", "m:v1 (model)", "m:v1 (weights) 2"] {
      #expect(html.components(separatedBy: "<code>\(name)</code>").count > 1, "\(name)")
    }
    #expect(ReportPage(diagnoses: [pair[0]]).html.components(separatedBy: "(weights)").count == 1)
  }
}
