import Testing
import WinitRegistry
import WinitTestSupport

@Suite struct OrthogonalTests {
  @Test(
    "rows or columns are orthonormal to 10⁻⁶ of gain², and scattered like a uniform matrix's",
    arguments: [[300, 200], [200, 300], [129, 129], [1, 64], [65, 1], [7, 5, 3, 3]])
  func orthonormal(dims: [Int]) throws {
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
    // Were R's diagonal left as it came, half of the matrix would lean one way: the diagonal of Q is then never positive.
    if count >= 100 { #expect((0..<count).count { at($0, $0) > 0 } > count / 4) }
  }

  @Test(
    "in each column of a sparse matrix are exactly as many zeros as its share says",
    arguments: [0, 0.1, 0.5, 1])
  func sparse(sparsity: Double) throws {
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

  @Test("a checkpoint whose orthogonal tensor differs is told so without trying a thousand of them")
  func against() throws {
    let fixture = try Fixture()
    let spec = "tensors: {w: {shape: [700, 600], init: orthogonal}, v: {shape: [40, 40], init: orthogonal}}"
    let run = try fixture.create("m", spec, recipeOnly: true)
    let other = try fixture.create("n", spec, seed: 7, recipeOnly: true)
    _ = try fixture.registry.export(other, to: fixture.folder.path("n.safetensors"))
    let findings = try fixture.registry.verify(run, against: fixture.folder.path("n.safetensors")).findings
    #expect(findings.map(\.kind) == [.values, .values])
    // Other seeds, of which there are a thousand, are not tried: each would be the whole matrix again.
    #expect(findings.allSatisfy { $0.likelyCause == nil })
  }
}
