// The page of a report.

import Foundation
import Testing
import WinitDiagnosis
import WinitReport
import WinitTestSupport

@Suite struct ReportPageTests {
  private func page(_ diagnoses: Diagnosis...) -> String { ReportPage(diagnoses: diagnoses).html }

  /// Without the whole page in the message of a failure.
  private func has(_ html: String, _ text: String) -> Bool { html.contains(text) }

  private static let two = [
    SampleDiagnosis.chain("mlp-he:v1", factor: 0.98), SampleDiagnosis.chain("mlp-xavier:v1", factor: 0.7),
  ]

  @Test func `the same diagnoses give the same bytes`() {
    #expect(page(SampleDiagnosis.hostile) == page(SampleDiagnosis.hostile))
    #expect(
      ReportPage(diagnoses: ReportPageTests.two).html.utf8.elementsEqual(
        ReportPage(diagnoses: ReportPageTests.two).html.utf8))
  }

  @Test func `a text of a document never becomes markup`() {
    let html = page(SampleDiagnosis.hostile)
    #expect(html.components(separatedBy: "<script").count == 2)
    #expect(html.components(separatedBy: "</script").count == 2)
    #expect(html.components(separatedBy: "</style").count == 2)
    for markup in ["<img", "<b>\n", "<!--", " onerror", "onmouseover='"] {
      #expect(!html.contains(markup) || markup == " onerror", "\(markup)")
    }
    #expect(has(html, "&lt;script&gt;alert(1)&lt;/script&gt;"))
    #expect(has(html, "&quot;&gt;&lt;img src=x onerror=alert(1)&gt;"))
    #expect(has(html, "&#39; onmouseover=&#39;alert(1)"))
    #expect(has(html, "&amp;lt;b&amp;gt;&amp;amp;"))
  }

  @Test func `characters that change the display are visible`() {
    let html = page(SampleDiagnosis.hostile)
    #expect(has(html, "a\\u202eb\\u0000c\\u0007\\u000ad\\u2028e"))
    let hidden = html.unicodeScalars.filter {
      $0.value < 0x20 && $0 != "\n" || $0.value == 0x202E || $0.value == 0x2028 || $0.value & 0xFFFE == 0xFFFE
    }
    #expect(hidden.isEmpty)
  }

  @Test func `a name of 5,000 characters is shortened`() {
    #expect(!has(page(SampleDiagnosis.hostile), String(repeating: "x", count: 4500)))
  }

  /// The check parses with Python's parsers, and computes the hash of the script with hashlib.
  @Test(.enabled(if: Python.isAvailable, "needs $WINIT_PYTHON; tools/test makes one"))
  func `pages and figures are well formed, self-contained and accessible, and have the hash of their script`() throws {
    let folder = try TemporaryFolder()
    var names: [String] = []
    let sets = [[SampleDiagnosis.hostile], ReportPageTests.two, [], ReportPageTests.two + [SampleDiagnosis.hostile]]
    for (i, diagnoses) in sets.enumerated() {
      _ = try folder.write("page\(i).html", ReportPage(diagnoses: diagnoses).html)
      names.append("page\(i).html")
      for file in ReportFigures(diagnoses: diagnoses).files {
        _ = try folder.write("\(i)-\(file.name)", file.svg)
        names.append("\(i)-\(file.name)")
      }
    }
    #expect(names.count > 30)
    let outcome = try Python.run("page", names, in: folder)
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    #expect(outcome.output == "\(names.count) files, 0 problems\n")
  }

  @Test func `1,000 tensors with findings take at most 3 MB`() {
    var diagnosis = SampleDiagnosis.chain("large:v1", factor: 1, layers: 1000)
    for i in diagnosis.tensors.indices { diagnosis.tensors[i].name = "model.layers.\(i).self_attn.k_proj.weight" }
    diagnosis.findings = diagnosis.tensors.map {
      Finding(.scaleOff, .warning, tensor: $0.name, message: "the std is 0.0219, 9.1 standard errors above 0.02")
    }
    let bytes = page(diagnosis).utf8.count
    #expect(bytes < 3_000_000)
    #expect(bytes > 1_000_000)
  }

  @Test func `the curves of all runs are in one picture, each with its line, color and dashes`() throws {
    let html = ReportPage(diagnoses: ReportPageTests.two).html
    let figure = try #require(html.firstMatch(of: /<figure>.*?<\/figure>/.dotMatchesNewlines())).output
    #expect(figure.contains("<h3>Signal</h3>"))
    #expect(figure.contains("class=\"ln c0 d0\""))
    #expect(figure.contains("class=\"ln c1 d1\""))
    #expect(figure.contains(">mlp-he:v1</text>"))
    #expect(figure.contains(">mlp-xavier:v1</text>"))
  }

  @Test func `every layer and tensor of a picture is in a table`() {
    let html = page(ReportPageTests.two[1])
    // 0.7⁵ by theory, and 10% more as measured.
    #expect(has(html, "<td>0.1681</td>"))
    #expect(has(html, "<td>0.1849</td>"))
    #expect(has(html, "<td>0.9900</td>"))
    #expect(has(html, "12 52 92 132"))
  }

  @Test func `only the controls of the script are hidden without it`() {
    let html = ReportPage(diagnoses: ReportPageTests.two).html
    let hidden = html.matches(of: /<[^>]* hidden>/)
    #expect(hidden.count == 3)
    #expect(hidden.allSatisfy { $0.output.contains("class=\"tools\"") })
  }

  @Test func `the script has at most 100 lines`() throws {
    let html = page(ReportPageTests.two[0])
    let script = try #require(html.firstMatch(of: /<script>(.*?)<\/script>/.dotMatchesNewlines())).output.1
    #expect(script.split(separator: "\n").count <= 100)
  }

  @Test func `a page without findings says so, and one without layers says what is missing`() {
    var diagnosis = SampleDiagnosis.chain("m:v1", factor: 1)
    diagnosis.findings = []
    #expect(has(page(diagnosis), "No findings in 12 tensors and 12 layers."))
    var other = SampleDiagnosis.chain("other:v1", factor: 1)
    other.layers = []
    #expect(has(page(diagnosis, other), "<code>other:v1</code> has no curve"))
    #expect(!has(page(other), "id=\"layers\""))
    #expect(!page(Diagnosis(subject: .init(.file, name: "empty", toolVersion: "1"))).contains("id=\"tensors\""))
  }

  @Test func `a tensor links to its findings, by words and not by color alone`() {
    let html = page(ReportPageTests.two[0])
    #expect(has(html, "<a class=\"mark information\" href=\"#f0-0\">layer-gain</a>"))
    #expect(has(html, "<li id=\"f0-0\""))
    #expect(has(html, "</b>information</span>"))
  }

  @Test func `the elements of tied tensors count once, and a sum that does not fit stops at the largest integer`() {
    var diagnosis = SampleDiagnosis.chain("m:v1", factor: 1, layers: 3)
    diagnosis.tensors[2].tiedTo = "net.0.weight"
    #expect(has(page(diagnosis), "<dt>Parameters</dt><dd>20,000</dd>"))
    diagnosis.tensors = Array(repeating: diagnosis.tensors[0], count: 1025)
    for i in diagnosis.tensors.indices { diagnosis.tensors[i].count = 1 << 53 }
    #expect(has(page(diagnosis), "<dt>Parameters</dt><dd>9,223,372,036,854,775,807</dd>"))
  }

  @Test func `an assumed chain has a curve for each assumption`() {
    var diagnosis = SampleDiagnosis.chain("m:v1", factor: 0.5, layers: 4)
    let relu = diagnosis.layers.map { layer in
      var layer = layer
      (layer.isAssumed, layer.measured) = (true, nil)
      return layer
    }
    let linear = relu.map { layer in
      var layer = layer
      layer.activation = "linear"
      return layer
    }
    for layers in [relu + linear, zip(relu, linear).flatMap { [$0, $1] }] {
      diagnosis.layers = layers
      let html = page(diagnosis)
      #expect(has(html, ">m:v1, if relu</text>"))
      #expect(has(html, ">m:v1, if linear</text>"))
      #expect(has(html, "class=\"ln c0 d1\""))
    }
  }
}
