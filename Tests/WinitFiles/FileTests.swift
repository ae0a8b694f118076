import Foundation
import Testing
import WinitCore
import WinitFiles
import WinitTestSupport

@Suite struct FileTests {
  @Test("a file appears at commit, whole, and not before")
  func commit() throws {
    let folder = try TemporaryFolder()
    let file = try OutputFile(folder.path("out"), replacing: false)
    try file.write([1, 2, 3])
    #expect(!folder.exists("out"))
    try file.write([4])
    try file.commit()
    #expect(try folder.bytes("out") == [1, 2, 3, 4])
    #expect(try folder.contents() == ["out"])
  }

  @Test("a file that is not committed leaves nothing")
  func dropped() throws {
    let folder = try TemporaryFolder()
    do { try OutputFile(folder.path("out"), replacing: false).write([1]) }
    #expect(try folder.contents() == [])
  }

  @Test("an existing file is kept unless it may be replaced, even if it appears in the meantime")
  func existing() throws {
    let folder = try TemporaryFolder()
    try folder.write("out", "old")
    #expect(throws: FileError.self) { try OutputFile(folder.path("out"), replacing: false) }
    let late = try OutputFile(folder.path("late"), replacing: false)
    try late.write([1])
    try folder.write("late", "theirs")
    #expect(throws: FileError.self) { try late.commit() }
    #expect(try folder.bytes("late") == Array("theirs".utf8))
    let forced = try OutputFile(folder.path("out"), replacing: true)
    try forced.write(Array("new".utf8))
    try forced.commit()
    #expect(try folder.bytes("out") == Array("new".utf8))
  }

  @Test("a link at the output is replaced, not followed")
  func link() throws {
    let folder = try TemporaryFolder()
    try folder.write("target", "precious")
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("out"), withDestinationPath: folder.path("target"))
    #expect(throws: FileError.self) { try OutputFile(folder.path("out"), replacing: false) }
    let file = try OutputFile(folder.path("out"), replacing: true)
    try file.write(Array("new".utf8))
    try file.commit()
    #expect(try folder.bytes("target") == Array("precious".utf8))
    #expect(try folder.bytes("out") == Array("new".utf8))
  }

  @Test("errors name the file and the system's reason")
  func errors() throws {
    let folder = try TemporaryFolder()
    let error = #expect(throws: FileError.self) { try InputFile(folder.path("none")) }
    #expect(error?.description == "cannot open \(folder.path("none")): No such file or directory")
    #expect(error?.isNotFound == true)
    #expect(throws: FileError.self) { try InputFile(folder.url.path) }
    // The system reads no further than the zero.
    let there = try folder.write("there", [1])
    #expect(throws: FileError.self) { try InputFile(there + "\0.safetensors") }
    #expect(throws: FileError.self) { try readWhole(there + "\0.yaml", limit: 10) }
    // An accent after a slash makes one character with it.
    #expect(folderPrefix(of: "a/b/\u{301}c") == "a/b/")
    #expect(folderPrefix(of: "c") == "")
    #expect(throws: FileError.self) { try OutputFile(folder.path("no/such/folder/out"), replacing: false) }
    let short = try InputFile(folder.write("short", [1, 2, 3]))
    #expect(throws: FormatError.self) { try short.bytes(at: 1, count: 5) }
  }

  @Test(
    "npy headers are NumPy's",
    arguments: [
      // As numpy.save (2.4.6) writes them.
      (DType.float32, [3, 4], "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }"),
      (.bool, [5], "{'descr': '|b1', 'fortran_order': False, 'shape': (5,), }"),
      (.int64, [], "{'descr': '<i8', 'fortran_order': False, 'shape': (), }"),
      (.float16, [1, 2, 3], "{'descr': '<f2', 'fortran_order': False, 'shape': (1, 2, 3), }"),
    ] as [(DType, [Int], String)])
  func npy(dtype: DType, dims: [Int], text: String) throws {
    let bytes = try #require(NpyHeader(dtype: dtype, shape: Shape(dims))).bytes
    #expect(bytes.count == 128)
    let padded = text + String(repeating: " ", count: 117 - text.count) + "\n"
    #expect(bytes == [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0, 118, 0] + Array(padded.utf8))
  }

  @Test("bfloat16 has no npy form")
  func bfloat16() throws { #expect(NpyHeader(dtype: .bfloat16, shape: try Shape([1])) == nil) }

  @Test("a pipe, a folder's name and a protected file are never replaced")
  func neverReplaced() throws {
    let folder = try TemporaryFolder()
    mkfifo(folder.path("pipe"), 0o600)
    try folder.write("registry", "precious")
    try FileManager.default.linkItem(atPath: folder.path("registry"), toPath: folder.path("other-name"))
    #expect(throws: FileError.self) { try OutputFile(folder.path("pipe"), replacing: true) }
    #expect(throws: FileError.self) {
      try OutputFile(folder.path("other-name"), replacing: true, protected: folder.path("registry"))
    }
    #expect(throws: FileError.self) { try OutputFile(folder.path("new") + "/", replacing: true) }
    #expect(throws: FileError.self) { try OutputFile("", replacing: true) }
    #expect(try folder.contents() == ["other-name", "pipe", "registry"])
    // Opening a pipe to read does not wait for a writer.
    #expect(throws: FileError.self) { try InputFile(folder.path("pipe")) }
  }
}
