// Files of other formats that people give as checkpoints.

import Foundation
import Testing
import WinitFiles
import WinitTestSupport

/// Zip archives that Python's zipfile wrote: of torch.save, numpy.savez and keras, by the names of their members.
private let archives: [String: String] = [
  "torch":
    "UEsDBBQAAAAAAAAAIQCDFtyMAQAAAAEAAAANAAAAY2twdC9kYXRhLnBrbHhQSwECFAMUAAAAAAAAACEAgxbcjAEAAAABAAAADQAAAAAAAAAAAAAAgAEAAAAAY2twdC9kYXRhLnBrbFBLBQYAAAAAAQABADsAAAAsAAAAAAA=",
  "npz":
    "UEsDBBQAAAAAAAAAIQCDFtyMAQAAAAEAAAAFAAAAYS5ucHl4UEsDBBQAAAAAAAAAIQCDFtyMAQAAAAEAAAAFAAAAYi5ucHl4UEsBAhQDFAAAAAAAAAAhAIMW3IwBAAAAAQAAAAUAAAAAAAAAAAAAAIABAAAAAGEubnB5UEsBAhQDFAAAAAAAAAAhAIMW3IwBAAAAAQAAAAUAAAAAAAAAAAAAAIABJAAAAGIubnB5UEsFBgAAAAACAAIAZgAAAEgAAAAAAA==",
  "keras":
    "UEsDBBQAAAAAAAAAIQCDFtyMAQAAAAEAAAANAAAAbWV0YWRhdGEuanNvbnhQSwMEFAAAAAAAAAAhAIMW3IwBAAAAAQAAAAsAAABjb25maWcuanNvbnhQSwMEFAAAAAAAAAAhAIMW3IwBAAAAAQAAABAAAABtb2RlbC53ZWlnaHRzLmg1eFBLAQIUAxQAAAAAAAAAIQCDFtyMAQAAAAEAAAANAAAAAAAAAAAAAACAAQAAAABtZXRhZGF0YS5qc29uUEsBAhQDFAAAAAAAAAAhAIMW3IwBAAAAAQAAAAsAAAAAAAAAAAAAAIABLAAAAGNvbmZpZy5qc29uUEsBAhQDFAAAAAAAAAAhAIMW3IwBAAAAAQAAABAAAAAAAAAAAAAAAIABVgAAAG1vZGVsLndlaWdodHMuaDVQSwUGAAAAAAMAAwCyAAAAhQAAAAAA",
]

private func archive(_ name: String) -> [UInt8] { Array(Data(base64Encoded: archives[name] ?? "") ?? Data()) }

@Suite struct ForeignFormatTests {
  @Test(
    arguments: [
      // The content decides, whatever the extension.
      ("x.safetensors", archive("torch"), .torch), ("x.safetensors", archive("npz"), .npz),
      ("x.bin", archive("keras"), .keras), ("x.pt", archive("npz"), .npz),
      // Pickles of protocol 2, as torch.save wrote them before version 1.6.
      ("x", [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E], .torch),
      ("x", [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0], .npy),
      ("x", [0x89] + Array("HDF\r\n\u{1A}\n".utf8), .hdf5), ("x", Array("GGUF".utf8) + [3, 0, 0, 0], .gguf),
      ("x.safetensors", Array("version https://git-lfs.github.com/spec/v1\noid sha256:0".utf8), .lfsPointer),
      ("x", Array("SQLite format 3\0".utf8), .registry),
      // The extension decides where the content says nothing.
      ("x.distcp", archive("torch"), .torchDistributed), ("x.pth", Array("nonsense".utf8), .torch),
      ("x.onnx", [8, 8, 0x12, 7], .onnx), ("x.msgpack", [0x81, 0xA6], .msgpack), ("x.H5", [0, 0], .hdf5),
    ] as [(String, [UInt8], ForeignFormat)])
  func `a file of another format is refused with its format and how to convert it`(
    name: String, bytes: [UInt8], format: ForeignFormat
  ) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(name, bytes)
    let error = #expect(throws: FormatError.self) { try Checkpoint(path) }
    #expect(error?.reason == .foreign(format) && error?.path == path)
  }

  @Test func `a file that is no known format keeps the error of its header`() throws {
    let folder = try TemporaryFolder()
    for (name, bytes) in [("x", []), ("x.pt", []), ("x.safetensors", [1, 2]), ("y", Array("PK\u{3}\u{4}".utf8))] {
      let path = try folder.write(name, bytes as [UInt8])
      let error = #expect(throws: FormatError.self) { try Checkpoint(path) }
      guard case .safetensors = error?.reason else { Issue.record("\(name): \(String(describing: error))"); continue }
    }
  }

  @Test func `every format has a sentence of what the file is and what to do`() {
    for format in ForeignFormat.allCases {
      #expect(FormatError("x", .foreign(format)).description.hasPrefix("x: not a safetensors file: it is "))
    }
  }

  @Test func `the directory of an archive that is cut, or gives impossible sizes, is read without a crash`() throws {
    let folder = try TemporaryFolder()
    let whole = archive("npz")
    for length in 4..<whole.count {
      let path = try folder.write("x.safetensors", Array(whole[..<length]))
      #expect(throws: FormatError.self) { try Checkpoint(path) }
    }
    for offset in whole.count - 22..<whole.count {
      var bytes = whole
      bytes[offset] = 0xFF
      let path = try folder.write("x.safetensors", bytes)
      #expect(throws: FormatError.self) { try Checkpoint(path) }
    }
  }
}
