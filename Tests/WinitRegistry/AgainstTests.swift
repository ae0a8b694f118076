// verify --against: a checkpoint compared with a run, and the likely cause of a difference.

import Foundation
import Testing
import WinitCore
import WinitFiles
import WinitRegistry
import WinitStorage
import WinitTestSupport

private let spec = """
  tensors: {a: [300, 1024], b: [300, 1024], square: [64, 64], bias: [64], step: {shape: [], dtype: int64}}
  rules: [{match: bias, init: zeros}, {match: step, init: zeros}, {match: "*", init: {scheme: normal, std: 0.02}}]
  """

/// A run and its checkpoint, which the tests change.
private struct Compared {
  let fixture: Fixture
  let run: Run
  var path: String { fixture.folder.path("m.safetensors") }

  init() throws {
    fixture = try Fixture()
    run = try fixture.create("m", spec)
    try fixture.registry.export(run, to: path)
  }

  func bytes(_ name: String) throws -> [UInt8] { try fixture.registry.bytes(of: name, in: run) }

  func findings(_ file: String? = nil) throws -> [Verification.Finding] {
    try fixture.registry.verify(run, against: file ?? path).findings
  }

  /// Returns the findings for a checkpoint of the tensors of the run, with some replaced, left out (nil) or added.
  func findings(replacing changes: [String: (dims: [Int], bytes: [UInt8])?]) throws -> [Verification.Finding] {
    var floats: [SafetensorsFixture] = []
    for tensor in try fixture.registry.tensors(of: run) where tensor.dtype == .float32 {
      guard let change = changes[tensor.name] else {
        floats.append((tensor.name, tensor.shape, try bytes(tensor.name)))
        continue
      }
      if let change { floats.append((tensor.name, change.dims, change.bytes)) }
    }
    for (name, change) in changes where !floats.contains(where: { $0.name == name }) {
      if let change { floats.append((name, change.dims, change.bytes)) }
    }
    let file = fixture.folder.path("changed.safetensors")
    try writeSafetensors(file, floats)
    return try findings(file).filter { $0.tensor != "step" }  // This file lacks it.
  }
}

private func transposed(_ bytes: [UInt8], _ rows: Int, _ columns: Int) -> [UInt8] {
  var out: [UInt8] = []
  for column in 0..<columns {
    for row in 0..<rows {
      let start = 4 * (row * columns + column)
      out += bytes[start..<start + 4]
    }
  }
  return out
}

@Suite struct AgainstTests {
  @Test func `the exported file of a run matches, and so does a sharded checkpoint of the run`() throws {
    let compared = try Compared()
    #expect(try compared.findings().isEmpty)
    let folder = compared.fixture.folder
    for (name, tensors) in [("1", ["a", "bias"]), ("2", ["b", "square", "step"])] {
      try compared.fixture.registry.export(
        compared.run, TensorSelection(tensors: tensors), to: folder.path("\(name).safetensors"))
    }
    let index = try folder.write(
      "model.safetensors.index.json",
      #"{"weight_map":{"a":"1.safetensors","bias":"1.safetensors","b":"2.safetensors","square":"2.safetensors","step":"2.safetensors"}}"#
    )
    #expect(try compared.findings(index).isEmpty)
  }

  @Test func `one flipped bit is found with its element and both values`() throws {
    let compared = try Compared()
    var changed = try compared.bytes("a")
    changed[4 * 270_000 + 2] ^= 0x10
    let findings = try compared.findings(replacing: ["a": ([300, 1024], changed)])
    try #require(findings.map(\.kind) == [.values])
    #expect(findings[0].tensor == "a")
    #expect(findings[0].difference?.coordinates == [263, 688])  // 263·1024 + 688 = 270000
    #expect(findings[0].difference?.count == 1)
    #expect(findings[0].likelyCause == "one flipped bit: the file was damaged")
    let floats = try compared.fixture.registry.floats(of: "a", in: compared.run)
    #expect(findings[0].difference?.expected == "\(floats[270_000])")
    #expect(findings[0].difference?.found == "\(Float(bitPattern: floats[270_000].bitPattern ^ 0x10_0000))")
  }

  @Test(arguments: [
    "seed", "renamed", "swapped", "transposed", "rectangle", "bfloat16", "constant", "trained",
  ])
  func `the likely cause of a difference is named`(what: String) throws {
    let compared = try Compared()
    let registry = compared.fixture.registry
    let a = try compared.bytes("a")
    let tensor = try #require(try registry.tensors(of: compared.run).first { $0.name == "a" })
    let expectedCount = 300 * 1024
    func only(_ change: (dims: [Int], bytes: [UInt8]), _ name: String = "a") throws -> Verification.Finding {
      let findings = try compared.findings(replacing: [name: change])
      #expect(findings.count == 1)
      return try #require(findings.first)
    }
    switch what {
    case "seed":
      let other = try compared.fixture.create("n", spec, seed: 987_654_321_987)
      let finding = try only(([300, 1024], try registry.bytes(of: "a", in: other)))
      #expect(finding.likelyCause == "the values of seed 987654321987")
      #expect((finding.difference?.count ?? 0) > expectedCount * 99 / 100)
    case "renamed":
      let recipe = try Recipe(
        seed: 42, stream: TensorName("b").stream, dtype: .float32, shape: tensor.record.recipe.shape,
        law: .normal(mean: 0, std: 0.02))
      #expect(
        try only(([300, 1024], recipe.bytes(0..<expectedCount))).likelyCause == "the values of tensor `b`")
    case "swapped":
      #expect(try only(([300, 1024], try compared.bytes("b"))).likelyCause == "the values of tensor `b`")
    case "transposed":
      let square = try compared.bytes("square")
      #expect(try only(([64, 64], transposed(square, 64, 64)), "square").likelyCause == "transposed")
    case "rectangle":
      let finding = try only(([1024, 300], transposed(a, 300, 1024)))
      #expect(finding.kind == .shape)
      #expect(finding.likelyCause == "transposed")
    case "bfloat16":
      let floats = try registry.floats(of: "a", in: compared.run)
      let rounded = floats.flatMap { [0, 0, UInt8($0.bfloat16Bits & 0xFF), UInt8($0.bfloat16Bits >> 8)] }
      #expect(
        try only(([300, 1024], rounded)).likelyCause
          == "the same initialization, rounded to bfloat16 on the way")
    case "constant":
      #expect(
        try only(([300, 1024], [UInt8](repeating: 0, count: a.count))).likelyCause
          == "every element sampled is 0.0; the tensor was filled with a constant")
    default:
      var trained = a
      for i in 1000..<1100 { trained[4 * i] ^= 0x55 }
      #expect(
        try only(([300, 1024], trained)).likelyCause
          == "most elements match: the file was damaged, or trained for a few steps")
    }
  }

  @Test func `missing tensors, unexpected tensors and other dtypes are found`() throws {
    let compared = try Compared()
    let findings = try compared.findings(replacing: ["bias": nil, "extra": ([1], [0, 0, 0, 0])])
    #expect(findings.map(\.kind) == [.missing, .unexpected])
    #expect(findings.map(\.tensor) == ["bias", "extra"])

    let half = try compared.fixture.create("half", spec) { $0.dtype = .bfloat16 }
    try compared.fixture.registry.export(half, to: compared.fixture.folder.path("half.safetensors"))
    let other = try compared.findings(compared.fixture.folder.path("half.safetensors"))
    try #require(other.map(\.kind) == [.dtype, .dtype, .dtype, .dtype])
    #expect(other[0].likelyCause == "the same initialization saved as bfloat16")
    #expect(other[0].message.contains("float32") && other[0].message.contains("bfloat16"))
  }

  @Test func `a file that is not a checkpoint, or does not exist, is an error and not a finding`() throws {
    let compared = try Compared()
    let path = try compared.fixture.folder.write("x.safetensors", "nonsense")
    let error = expectError(.invalidFile) { try compared.findings(path) }
    #expect(error?.subject == path && error?.underlying is FormatError)
    let none = compared.fixture.folder.path("none")
    let missing = expectError(.fileNotFound) { try compared.findings(none) }
    #expect(missing?.subject == none && missing?.underlying is FileError)
  }
}
