// Orthogonal and sparse matrices.

import Testing
import WinitRegistry
import WinitTestSupport

@Suite struct OrthogonalTests {
  @Test(arguments: [[300, 200], [200, 300], [129, 129], [1, 64], [65, 1], [7, 5, 3, 3]])
  func `rows or columns are orthogonal with norm gain, to 10⁻⁶ of gain², and the signs of the diagonal are random`(
    dims: [Int]
  ) throws {
    let fixture = try Fixture()
    let spec = "tensors: {w: {shape: \(dims), init: {scheme: orthogonal, gain: 1.5}}}"
    let run = try fixture.create("m", spec, recipeOnly: true)
    let values = try fixture.registry.floats(of: "w", in: run).map(Double.init)
    let (rows, columns) = (dims[0], dims[1...].reduce(1, *))
    func at(_ vector: Int, _ k: Int) -> Double {
      rows >= columns ? values[k * columns + vector] : values[vector * columns + k]
    }
    let (count, length) = (min(rows, columns), max(rows, columns))
    var worst = 0.0
    for i in 0..<count {
      for j in 0...i {
        var product = 0.0
        for k in 0..<length { product += at(i, k) * at(j, k) }
        worst = max(worst, abs(product - (i == j ? 2.25 : 0)))
      }
    }
    #expect(worst <= 1e-6 * 2.25)
    // Without the correction by the signs of the diagonal of R, the diagonal of Q is never positive.
    if count >= 100 { #expect((0..<count).count { at($0, $0) > 0 } > count / 4) }
  }

  @Test(arguments: [0, 0.1, 0.5, 1])
  func `each column of a sparse matrix has exactly ⌈sparsity · rows⌉ zeros`(sparsity: Double) throws {
    let fixture = try Fixture()
    let spec = "tensors: {w: {shape: [37, 20], init: {scheme: sparse, sparsity: \(sparsity), std: 0.1}}}"
    let run = try fixture.create("m", spec, recipeOnly: true)
    let values = try fixture.registry.floats(of: "w", in: run)
    for column in 0..<20 {
      let zeros = (0..<37).count { values[$0 * 20 + column] == 0 }
      // ⌈0⌉, ⌈3.7⌉, ⌈18.5⌉, ⌈37⌉
      #expect(zeros == [0: 0, 0.1: 4, 0.5: 19, 1: 37][sparsity])
    }
  }

  @Test
  func
    `an orthogonal tensor that differs is found, and no cause is searched for, because each try costs the whole matrix`()
    throws
  {
    let fixture = try Fixture()
    let spec = "tensors: {w: {shape: [700, 600], init: orthogonal}, v: {shape: [40, 40], init: orthogonal}}"
    let run = try fixture.create("m", spec, recipeOnly: true)
    let other = try fixture.create("n", spec, seed: 7, recipeOnly: true)
    try fixture.registry.export(other, to: fixture.folder.path("n.safetensors"))
    let findings = try fixture.registry.verify(run, against: fixture.folder.path("n.safetensors")).findings
    #expect(findings.map(\.kind) == [.values, .values])
    #expect(findings.allSatisfy { $0.likelyCause == nil })
  }
}
