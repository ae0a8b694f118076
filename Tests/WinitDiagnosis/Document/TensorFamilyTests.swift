// Families of tensors.

import Testing
import WinitDiagnosis

@Suite struct TensorFamilyTests {
  private func labels(_ names: [String], shape: [Int] = [2, 2]) -> [String] {
    let tensors = names.map { TensorDiagnosis(name: $0, shape: shape, dtype: "float32", count: 4) }
    return TensorFamily.families(of: tensors).map { "\($0.label) x\($0.members.count)" }
  }

  @Test func `the blocks of a transformer fold to one line a tensor`() {
    let names = ["wte"] + (0..<12).flatMap { ["h.\($0).attn.c_attn.weight", "h.\($0).mlp.weight"] } + ["ln_f"]
    #expect(labels(names) == ["wte x1", "h.{0-11}.attn.c_attn.weight x12", "h.{0-11}.mlp.weight x12", "ln_f x1"])
  }

  @Test func `equal steps, gaps and single numbers are shown as they are`() {
    #expect(labels((0..<30).map { "net.\($0 * 2).weight" }) == ["net.{0,2,...,58}.weight x30"])
    #expect(labels([0, 1, 2, 5, 9].map { "l\($0)" }) == ["l{0-2,5,9} x5"])
    #expect(labels(["l7"]) == ["l7 x1"])
    #expect(labels(["l3", "l9"]) == ["l{3,9} x2"])
  }

  @Test func `a family of two numbers holds every combination of them`() {
    // ResNet-50 has 3, 4, 6 and 3 blocks in its stages.
    let blocks = [3, 4, 6, 3]
    let names = blocks.indices.flatMap { stage in (0..<blocks[stage]).map { "layer\(stage + 1).\($0).bn1.weight" } }
    #expect(
      labels(names) == ["layer{1,4}.{0-2}.bn1.weight x6", "layer2.{0-3}.bn1.weight x4", "layer3.{0-5}.bn1.weight x6"])
    // No two of these numbers form a rectangle of more than a row.
    #expect(labels(["a.0.0", "a.1.1"]) == ["a.0.0 x1", "a.1.1 x1"])
  }

  @Test func `another shape, dtype, scheme or tie is another family`() {
    var tensors = (0..<5).map { TensorDiagnosis(name: "l.\($0)", shape: [2, 2], dtype: "float32", count: 4) }
    tensors[1].shape = [4]
    tensors[2].dtype = "float16"
    tensors[3].scheme = "zeros"
    tensors[4].tiedTo = "l.0"
    #expect(TensorFamily.families(of: tensors).map(\.label) == ["l.0", "l.1", "l.2", "l.3", "l.4"])
  }

  @Test func `names that are equal, odd or hostile stay whole`() {
    #expect(labels(["a.1", "a.1"]) == ["a.1 x1", "a.1 x1"])
    #expect(labels(["a.01", "a.1"]) == ["a.01 x1", "a.1 x1"])
    #expect(labels(["é1", "e\u{301}1"]) == ["é1 x1", "e\u{301}1 x1"])
    #expect(labels(["x.99999999999999999999999", "", "٣"]).count == 3)
    let long = (0..<40_000).map { "\($0)." }.joined()
    #expect(labels([long + "a", long + "b"]).count == 2)
    #expect(labels((0..<100).map { "l.\($0 * $0)" }) == ["l.{0-1,4,9,16,25,36,49,64,81,100,121,144, and 87 more} x100"])
  }

  @Test func `every tensor is in exactly one family, in its own order`() {
    let names = (0..<200).map { "a.\($0 % 7).b.\($0 % 11).c.\($0 % 3)" }
    let tensors = names.map { TensorDiagnosis(name: $0, shape: [1], dtype: "f", count: 1) }
    let members = TensorFamily.families(of: tensors).flatMap { $0.members.map(\.name) }
    #expect(members.sorted() == names.sorted())
  }
}
