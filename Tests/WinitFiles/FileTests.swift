import Foundation
import Testing
import WinitCore
import WinitFiles
import WinitTestSupport

/// Expects a body to throw a `FileError` with a system error number.
private func expectFileError(
  _ code: Int32, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
) {
  let error = #expect(throws: FileError.self, sourceLocation: sourceLocation, performing: body)
  #expect(error?.code == code, sourceLocation: sourceLocation)
}

@Suite struct FileTests {
  #if os(Linux)
    @Test func `a folder is refused as an input file, and does not stay open`() throws {
      let folder = try TemporaryFolder()
      let path = folder.url.resolvingSymlinksInPath().path
      #expect(throws: FileError.self) { try InputFile(path) }
      #expect(throws: FileError.self) { try InputFile.check(path) }
      let descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
      let open = descriptors.map { try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)") }
      #expect(!open.contains(path))
    }
  #endif

  @Test func `a file appears at commit, complete, and not before`() throws {
    let folder = try TemporaryFolder()
    let file = try OutputFile(folder.path("out"), replacing: false)
    try file.write([1, 2, 3])
    #expect(!folder.exists("out"))
    try file.write([4])
    try file.commit()
    #expect(try folder.bytes("out") == [1, 2, 3, 4])
    #expect(try folder.contents() == ["out"])
  }

  @Test func `a file that is not committed leaves nothing in the folder`() throws {
    let folder = try TemporaryFolder()
    do { try OutputFile(folder.path("out"), replacing: false).write([1]) }
    #expect(try folder.contents() == [])
  }

  @Test func `an existing file is only replaced if that is allowed, even if it appears after the check`() throws {
    let folder = try TemporaryFolder()
    try folder.write("out", "old")
    expectFileError(EEXIST) { _ = try OutputFile(folder.path("out"), replacing: false) }
    let late = try OutputFile(folder.path("late"), replacing: false)
    try late.write([1])
    try folder.write("late", "theirs")
    expectFileError(EEXIST) { try late.commit() }
    #expect(try folder.bytes("late") == Array("theirs".utf8))
    let forced = try OutputFile(folder.path("out"), replacing: true)
    try forced.write(Array("new".utf8))
    try forced.commit()
    #expect(try folder.bytes("out") == Array("new".utf8))
  }

  @Test func `a link at the output is replaced, not followed`() throws {
    let folder = try TemporaryFolder()
    try folder.write("target", "precious")
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("out"), withDestinationPath: folder.path("target"))
    expectFileError(EEXIST) { _ = try OutputFile(folder.path("out"), replacing: false) }
    let file = try OutputFile(folder.path("out"), replacing: true)
    try file.write(Array("new".utf8))
    try file.commit()
    #expect(try folder.bytes("target") == Array("precious".utf8))
    #expect(try folder.bytes("out") == Array("new".utf8))
  }

  @Test func `errors name the file and give the system's reason`() throws {
    let folder = try TemporaryFolder()
    let error = #expect(throws: FileError.self) { try InputFile(folder.path("none")) }
    #expect(error?.description == "cannot open \(folder.path("none")): No such file or directory")
    #expect(error?.isNotFound == true)
    expectFileError(EISDIR) { _ = try InputFile(folder.url.path) }
    // The system ends a path at a zero byte.
    let file = try folder.write("file", [1])
    expectFileError(ENOENT) { _ = try InputFile(file + "\0.safetensors") }
    expectFileError(ENOENT) { _ = try readWhole(file + "\0.yaml", limit: 10) }
    expectFileError(ENOENT) { _ = try OutputFile(folder.path("no/such/folder/out"), replacing: false) }
    let short = try InputFile(folder.write("short", [1, 2, 3]))
    let early = #expect(throws: FormatError.self) { try short.bytes(at: 1, count: 5) }
    #expect(early?.reason == .endsEarly(at: 3))
    let large = #expect(throws: FormatError.self) { try readWhole(short.path, limit: 2) }
    #expect(large?.reason == .tooLarge(limit: 2))
  }

  @Test func `the folder of a path ends at the last slash, also before a combining character`() {
    // A slash and an accent after it are one character in Swift.
    #expect(folderPrefix(of: "a/b/\u{301}c") == "a/b/")
    #expect(folderPrefix(of: "c") == "")
    #expect(folderPrefix(of: "/c") == "/")
  }

  @Test(
    arguments: [
      // Written by numpy.save (2.4.6).
      (DType.float32, [3, 4], "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }"),
      (.bool, [5], "{'descr': '|b1', 'fortran_order': False, 'shape': (5,), }"),
      (.int64, [], "{'descr': '<i8', 'fortran_order': False, 'shape': (), }"),
      (.float16, [1, 2, 3], "{'descr': '<f2', 'fortran_order': False, 'shape': (1, 2, 3), }"),
    ] as [(DType, [Int], String)])
  func `npy headers equal those of NumPy`(dtype: DType, dims: [Int], text: String) throws {
    let bytes = try #require(NpyHeader(dtype: dtype, shape: Shape(dims))).bytes
    #expect(bytes.count == 128)
    let padded = text + String(repeating: " ", count: 117 - text.count) + "\n"
    #expect(bytes == [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0, 118, 0] + Array(padded.utf8))
  }

  @Test
  func `bfloat16 has no npy header`() throws { #expect(NpyHeader(dtype: .bfloat16, shape: try Shape([1])) == nil) }

  @Test func `a file, a link or a full folder in place of an output folder is an error with a remedy`() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: folder.path("full"), withIntermediateDirectories: false)
    try folder.write("full/x", "mine")
    try FileManager.default.createSymbolicLink(atPath: folder.path("link"), withDestinationPath: "full")
    for (name, code) in [("full", ENOTEMPTY), ("full/x", EEXIST), ("link", EEXIST)] {
      let error = #expect(throws: FileError.self) { try OutputFolder(folder.path(name) + "/") }
      #expect(error?.code == code && error?.reason?.hasSuffix("Name a new folder") == true, "\(name)")
    }
    #expect(try folder.contents() == ["full", "link"])
  }

  @Test func `a pipe, a folder and a protected file are never replaced`() throws {
    let folder = try TemporaryFolder()
    mkfifo(folder.path("pipe"), 0o600)
    try folder.write("registry", "precious")
    try FileManager.default.linkItem(atPath: folder.path("registry"), toPath: folder.path("other-name"))
    expectFileError(EINVAL) { _ = try OutputFile(folder.path("pipe"), replacing: true) }
    expectFileError(EPERM) {
      _ = try OutputFile(folder.path("other-name"), replacing: true, protected: folder.path("registry"))
    }
    expectFileError(EISDIR) { _ = try OutputFile(folder.path("new") + "/", replacing: true) }
    expectFileError(EISDIR) { _ = try OutputFile("", replacing: true) }
    #expect(try folder.contents() == ["other-name", "pipe", "registry"])
    // Opening a pipe for reading does not wait for a writer.
    expectFileError(EINVAL) { _ = try InputFile(folder.path("pipe")) }
  }

  @Test(arguments: [
    "plain", "a/b-c_d.e", "with space", "it's", "$HOME", "`ls`", "a;b", "-rf", "*", "~", "\u{E9}", "a\"b", "\\", "a\nb",
  ])
  func `a shell reads the path in a remedy as the path itself`(path: String) throws {
    let outcome = try ChildProcess("/bin/sh", ["-c", "printf %s \(shellWord(path))"], in: "/").wait()
    #expect(outcome.output == (path.hasPrefix("-") ? "./" + path : path))
  }
}
