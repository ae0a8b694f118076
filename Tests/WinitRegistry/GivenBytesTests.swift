// fp8, fp6, fp4 and complex tensors, and the metadata of checkpoints: kept byte for byte.

import Foundation
import Testing
import WinitCore
import WinitFiles
import WinitRegistry
import WinitTestSupport

@Suite struct GivenBytesTests {
  /// A file with a tensor of 12 elements of each dtype that only a literal can have.
  private static let tensors: [(dtype: WinitCore.DType, code: String, size: Int)] = [
    (.float8_e4m3fn, "F8_E4M3", 12), (.float8_e5m2, "F8_E5M2", 12), (.float8_e8m0fnu, "F8_E8M0", 12),
    (.float8_e4m3fnuz, "F8_E4M3FNUZ", 12), (.float8_e5m2fnuz, "F8_E5M2FNUZ", 12), (.float6_e2m3fn, "F6_E2M3", 9),
    (.float6_e3m2fn, "F6_E3M2", 9), (.float4_e2m1fn, "F4", 6), (.complex64, "C64", 96),
  ]

  private func write(_ fixture: Fixture) throws -> (path: String, bytes: [String: [UInt8]]) {
    var (data, entries, bytes) = ([UInt8](), [String](), [String: [UInt8]]())
    for (index, tensor) in Self.tensors.enumerated() {
      let part = (0..<tensor.size).map { UInt8(truncatingIfNeeded: 37 * $0 + 11 * index) }
      entries.append(
        #""\#(tensor.code)":{"dtype":"\#(tensor.code)","shape":[3,4],"data_offsets":[\#(data.count),\#(data.count + part.count)]}"#
      )
      bytes[tensor.code] = part
      data += part
    }
    let header = #"{"__metadata__":{"format":"np","made by":"é \"x\""},\#(entries.joined(separator: ","))}"#
    return (try fixture.folder.write("given.safetensors", safetensors(header: header, data: data)), bytes)
  }

  @Test func `fp8, fp6, fp4 and complex tensors are imported, verified, exported and written back unchanged`() throws {
    let fixture = try Fixture()
    let (path, bytes) = try write(fixture)
    let run = try fixture.registry.importCheckpoint(path, as: "m").run
    #expect(try fixture.registry.tensors(of: run).map(\.dtype.rawValue) == Self.tensors.map(\.dtype.rawValue))
    #expect(try fixture.registry.verify(run).matches)
    #expect(try fixture.registry.verify(run, against: path).matches)
    let again = fixture.folder.path("again.safetensors")
    try fixture.registry.export(run, to: again)
    let written = try Checkpoint(again)
    for entry in written.entries {
      #expect(entry.dtype.safetensorsCode == entry.name.string)
      #expect(try entry.bytes.bytes(at: 0, count: entry.shape.byteCount(entry.dtype)) == bytes[entry.name.string])
    }
    #expect(written.entries.count == 9)
    try fixture.registry.exportBundle([run], to: fixture.folder.path("b"))
    let other = try Fixture()
    let copy = try other.registry.importBundle(fixture.folder.path("b")).runs[0]
    #expect(copy.id == run.id)
    #expect(try other.registry.verify(copy, against: again).matches)
    expectError(.invalidArgument) { try fixture.registry.floats(of: "F8_E4M3", in: run) }
  }

  @Test func `a literal from like keeps fp8, fp6, fp4 and complex bytes`() throws {
    let fixture = try Fixture()
    let (path, bytes) = try write(fixture)
    let run = try fixture.create("m", "like: \(path)\nrules: [{match: '*', init: {scheme: literal, from: like}}]")
    for (name, expected) in bytes { #expect(try fixture.registry.bytes(of: name, in: run) == expected) }
    #expect(try fixture.registry.verify(run, against: path).matches)
  }

  @Test(arguments: [
    // The element, the changed byte, and the values by ml_dtypes. fp4: low bits first; fp6: 4 elements in 3 bytes.
    ("F8_E4M3", 7, 0x03, [1, 3], "0.005859375"), ("F4", 2, 0x60, [1, 1], "4.0"), ("F4", 2, 0x06, [1, 0], "4.0"),
    ("F6_E2M3", 4, 0xF0, [1, 2], "1.875"), ("C64", 8, 0x01, [0, 1], "(1e-45, 0.0)"),
  ])
  func `a difference of packed and complex elements names the right element`(
    code: String, byte: Int, value: UInt8, index: [Int], found: String
  ) throws {
    let fixture = try Fixture()
    let size = try #require(Self.tensors.first { $0.code == code }).size
    let path = fixture.folder.path("x.safetensors")
    var bytes = [UInt8](repeating: 0, count: size)
    try writeSafetensors(path, [("w", [3, 4], bytes)], dtype: code)
    let run = try fixture.registry.importCheckpoint(path, as: "m").run
    bytes[byte] = value
    try writeSafetensors(path, [("w", [3, 4], bytes)], dtype: code)
    let findings = try fixture.registry.verify(run, against: path).findings
    #expect(findings.map(\.kind) == [.values] && findings[0].difference?.coordinates == index)
    #expect(findings[0].difference?.count == 1 && findings[0].difference?.found == found)
  }

  @Test func `an fp6 element in two chunks counts once`() throws {
    let fixture = try Fixture()
    // 2²¹ elements have 1.5 MiB. Element 1398101 has two bits at the end of the first chunk and four in the second.
    var bytes = [UInt8](repeating: 0, count: 3 << 19)
    let path = fixture.folder.path("x.safetensors")
    try writeSafetensors(path, [("w", [1 << 21], bytes)], dtype: "F6_E3M2")
    let run = try fixture.registry.importCheckpoint(path, as: "m").run
    bytes[(1 << 20) - 1] = 0xC0
    bytes[1 << 20] = 0x0F
    bytes[(1 << 20) + 3] = 1
    try writeSafetensors(path, [("w", [1 << 21], bytes)], dtype: "F6_E3M2")
    let finding = try #require(try fixture.registry.verify(run, against: path).findings.first)
    #expect(finding.difference?.element == 1_398_101 && finding.difference?.count == 2)
    #expect(finding.chunks == [0, 1])
  }

  @Test func `a slice of packed elements is exact where it takes whole bytes, and refused where it does not`() throws {
    let fixture = try Fixture()
    let path = fixture.folder.path("x.safetensors")
    try writeSafetensors(path, [("w", [2, 4], [0x10, 0x32, 0x54, 0x76])], dtype: "F4")
    let run = try fixture.registry.importCheckpoint(path, as: "m").run
    #expect(try fixture.registry.bytes(of: "w", in: run, slice: TensorSlice("1")) == [0x54, 0x76])
    #expect(try fixture.registry.bytes(of: "w", in: run, slice: TensorSlice(":,2:4")) == [0x32, 0x76])
    for slice in [":,1:3", "0,1", ":,:1"] {
      expectError(.invalidSlice, "\(slice)") { try fixture.registry.bytes(of: "w", in: run, slice: TensorSlice(slice)) }
    }
  }

  @Test func `the metadata of an imported checkpoint is kept, and written to a file of the whole run`() throws {
    let fixture = try Fixture()
    let (path, _) = try write(fixture)
    let run = try fixture.registry.importCheckpoint(path, as: "m").run
    let metadata = try fixture.registry.details(of: run).metadata
    #expect(metadata.map(\.key) == ["format", "made by"] && metadata.map(\.value) == ["np", "é \"x\""])
    let again = fixture.folder.path("again.safetensors")
    try fixture.registry.export(run, to: again)
    let written = try Checkpoint(again).metadata
    #expect(written.map(\.key) == ["format", "winit_id", "made by"])
    #expect(written.map(\.value) == ["np", run.id.description, "é \"x\""])
    // A part of the run is not the file that the metadata describes.
    let part = fixture.folder.path("part.safetensors")
    try fixture.registry.export(run, TensorSelection(tensors: ["F4"]), to: part)
    #expect(try Checkpoint(part).metadata.map(\.key) == ["format", "winit_id"])
    // The metadata is no part of the id.
    let other = try Fixture()
    #expect(try other.registry.importCheckpoint(again, as: "m").run.weights == run.weights)
  }

  @Test func `metadata of more than a mebibyte is not kept, with a warning`() throws {
    let fixture = try Fixture()
    let text = String(repeating: "x", count: 1 << 20)
    let path = try fixture.folder.write(
      "x.safetensors",
      safetensors(
        header: #"{"__metadata__":{"k":"\#(text)"},"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, data: [1]))
    let receipt = try fixture.registry.importCheckpoint(path, as: "m")
    #expect(receipt.warnings.count == 1 && receipt.warnings[0].contains("metadata"))
    #expect(try fixture.registry.details(of: receipt.run).metadata.isEmpty)
  }
}
