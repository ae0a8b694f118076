import Testing
import WinitCore
import WinitFiles
import WinitJSON
import WinitTestSupport

/// Returns a safetensors file with a header and `data` bytes of data.
private func file(_ header: String, data: Int, length: Int? = nil) -> [UInt8] {
  safetensors(header: header, data: [UInt8](repeating: 7, count: data), length: length)
}

/// Returns a shape that is known to be valid.
private func shape(_ dims: [Int]) -> Shape {
  do { return try Shape(dims) } catch { fatalError("\(error)") }
}

@Suite struct SafetensorsTests {
  @Test func `names, dtypes, shapes and ranges are read in the order of the header`() throws {
    let folder = try TemporaryFolder()
    let header =
      #"{"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[2,3],"data_offsets":[1,25]},"a":{"dtype":"BOOL","shape":[],"data_offsets":[0,1]},"e":{"dtype":"I64","shape":[0,4],"data_offsets":[25,25]}}   "#
    let parsed = try SafetensorsHeader(InputFile(try folder.write("x", file(header, data: 25))))
    #expect(parsed.entries.map(\.name) == ["b", "a", "e"])
    #expect(parsed.entries.map(\.dtype) == [.float32, .bool, .int64])
    #expect(parsed.entries.map(\.shape.dims) == [[2, 3], [], [0, 4]])
    let start = 8 + header.utf8.count
    #expect(
      parsed.entries.map(\.range) == [start + 1..<start + 25, start..<start + 1, start + 25..<start + 25])
  }

  // The codes and the sizes that safetensors 0.8.0 reads.
  @Test(arguments: [
    ("F8_E4M3", DType.float8_e4m3fn, 4), ("F8_E5M2", .float8_e5m2, 4), ("F8_E8M0", .float8_e8m0fnu, 4),
    ("F8_E4M3FNUZ", .float8_e4m3fnuz, 4), ("F8_E5M2FNUZ", .float8_e5m2fnuz, 4), ("F6_E2M3", .float6_e2m3fn, 3),
    ("F6_E3M2", .float6_e3m2fn, 3), ("F4", .float4_e2m1fn, 2), ("C64", .complex64, 32),
  ])
  func `fp8, fp6, fp4 and complex tensors are read`(code: String, dtype: DType, size: Int) throws {
    let folder = try TemporaryFolder()
    let header = #"{"w":{"dtype":"\#(code)","shape":[2,2],"data_offsets":[0,\#(size)]}}"#
    let entry = try SafetensorsHeader(InputFile(try folder.write("x", file(header, data: size)))).entries[0]
    #expect(entry.dtype == dtype && entry.shape.byteCount(dtype) == size)
    #expect(DType(parsing: code.lowercased()) == dtype && DType(parsing: "torch.\(dtype)") == dtype)
  }

  @Test func `null as metadata is no metadata, as in the reference reader, and texts are kept in order`() throws {
    let folder = try TemporaryFolder()
    let tensor = #""w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}"#
    let null = try SafetensorsHeader(
      InputFile(try folder.write("null", file(#"{"__metadata__":null,\#(tensor)}"#, data: 1))))
    #expect(null.metadata.isEmpty && null.entries.count == 1)
    let texts = try SafetensorsHeader(
      InputFile(try folder.write("texts", file(#"{"__metadata__":{"b":"1","a":""},\#(tensor)}"#, data: 1))))
    #expect(texts.metadata.map(\.key) == ["b", "a"] && texts.metadata.map(\.value) == ["1", ""])
  }

  @Test(
    arguments: [
      ([1, 2, 3], .tooShort(size: 3)),
      (file("{}", data: 0, length: 200_000_000), .headerTooLong(200_000_000, limit: 100_000_000)),
      (file("{}", data: 0, length: 3), .headerTruncated(3, available: 2)),
      (file(" {}", data: 0), .noOpeningBrace),
      (file(#"{"__metadata__":{"k":1}}"#, data: 0), .metadataNotAString(key: "k")),
      (file(#"{"__metadata__":[]}"#, data: 0), .metadataNotAnObject),
      (
        file(
          #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}"#,
          data: 3), .gapOrOverlap("b", begin: 2, expected: 1)
      ),
      (
        file(
          #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}"#,
          data: 3), .gapOrOverlap("b", begin: 1, expected: 2)
      ),
      (
        file(#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, data: 2),
        .trailingBytes(end: 62, size: 63)
      ),
    ] as [([UInt8], SafetensorsProblem)])
  func `a file that the reference reader refuses is refused`(bytes: [UInt8], problem: SafetensorsProblem) throws {
    try expectRefusal(of: bytes) { #expect($0 == problem) }
  }

  @Test(
    arguments: [
      (#""shape":[1],"data_offsets":[0,1]"#, 1, .noDType),
      (#""dtype":"U8","data_offsets":[0,1]"#, 1, .noShape),
      (#""dtype":"U8","shape":["1"],"data_offsets":[0,1]"#, 1, .shapeNotIntegers),
      (#""dtype":"U8","shape":[-1],"data_offsets":[0,1]"#, 1, .shape(.negative(axis: 0, dim: -1))),
      (
        #""dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,1]"#, 1,
        .shape(.tooLarge([1 << 32, 1 << 32]))
      ),
      (#""dtype":"U8","shape":[1],"data_offsets":[1,0]"#, 1, .badOffsets),
      (#""dtype":"U8","shape":[1]"#, 1, .badOffsets),
      (#""dtype":"U8","shape":[1],"data_offsets":[0,"x",1]"#, 1, .badOffsets),
      (#""dtype":"U8","shape":[2],"data_offsets":[0,2]"#, 1, .pastEnd(end: 2, available: 1)),
      (
        #""dtype":"F32","shape":[1],"data_offsets":[0,3]"#, 3,
        .wrongSize(code: "F32", shape([1]), expected: 4, found: 3)
      ),
      (#""dtype":"F9","shape":[1],"data_offsets":[0,1]"#, 1, .unknownDType(code: "F9")),
      (
        #""dtype":"F8_E4M3","shape":[4],"data_offsets":[0,3]"#, 3,
        .wrongSize(code: "F8_E4M3", shape([4]), expected: 4, found: 3)
      ),
      (#""dtype":"F4","shape":[3],"data_offsets":[0,2]"#, 2, .notWholeBytes(code: "F4", shape([3]))),
    ] as [(String, Int, SafetensorsProblem.TensorProblem)])
  func `a file with a tensor that the reference reader refuses is refused`(
    members: String, data: Int, problem: SafetensorsProblem.TensorProblem
  ) throws {
    try expectRefusal(of: file("{\"a\":{\(members)}}", data: data)) { #expect($0 == .tensor("a", problem)) }
  }

  @Test(
    arguments: [
      ("{", .expected("a key in quotes")),
      (
        #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#,
        .duplicateKey("a")
      ),
      (#"{"a":{"dtype":"U8","shape":[1.5],"data_offsets":[0,1]}}"#, .notAnInteger("1.5")),
      (#"{"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}}"#, .notAnInteger("1.0")),
      (#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[-0,1]}}"#, .notAnInteger("-0")),
      (#"{"a":{"dtype":"U8","shape":[1e0],"data_offsets":[0,1]}}"#, .notAnInteger("1e0")),
      (
        #"{"a":{"dtype":"U8","shape":[0,9007199254740993],"data_offsets":[0,0]}}"#,
        .notAnInteger("9007199254740993")
      ),
    ] as [(String, JSONError.Reason)])
  func `a file whose header is not JSON, has a duplicate key, or has a number that is not an integer, is refused`(
    header: String, reason: JSONError.Reason
  ) throws {
    try expectRefusal(of: file(header, data: 2)) { problem in
      guard case .json(let error) = problem else { Issue.record("\(problem)"); return }
      #expect(error.reason == reason)
    }
  }

  /// Expects a file to be refused with a problem of its header, which a body checks.
  private func expectRefusal(of bytes: [UInt8], _ check: (SafetensorsProblem) -> Void) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("bad.safetensors", bytes)
    let error = #expect(throws: FormatError.self) { try SafetensorsHeader(InputFile(path)) }
    guard case .safetensors(let problem) = error?.reason else {
      Issue.record("\(String(describing: error))")
      return
    }
    check(problem)
    #expect(error?.description.hasPrefix("\(path): not a safetensors file: ") == true)
  }

  @Test func `a header is written with the same bytes as by the reference writer`() throws {
    // The order of safetensors.serialize (0.8.0). The writer does not take fp6, whose place is that of its enum.
    let all: [DType] = [
      .uint64, .int64, .float64, .complex64, .float32, .uint32, .int32, .bfloat16, .float16, .uint16, .int16,
      .float8_e5m2fnuz, .float8_e4m3fnuz, .float8_e8m0fnu, .float8_e4m3fn, .float8_e5m2, .int8, .uint8, .float6_e3m2fn,
      .float6_e2m3fn, .float4_e2m1fn, .bool,
    ]
    let one = try Shape([4])
    let order = SafetensorsLayout(DType.allCases.map { (TensorName($0.rawValue), $0, one) }, metadata: []).order
    #expect(order.map { DType.allCases[$0] } == all)
    // Written by safetensors.numpy.save (0.8.0) for two tensors of each dtype, with names in reverse order of dtype.
    let dtypes: [DType] = [
      .bool, .uint8, .int8, .int16, .uint16, .float16, .int32, .uint32, .float32, .float64, .int64, .uint64,
    ]
    let tensors = try dtypes.enumerated().flatMap { i, dtype in
      [
        (name: TensorName("t\(i)_\(dtype)"), dtype: dtype, shape: try Shape([2])),
        (name: TensorName("a\(i)_\(dtype)"), dtype: dtype, shape: try Shape([])),
      ]
    }
    let layout = SafetensorsLayout(tensors, metadata: [("format", "pt")])
    let expected =
      #"{"__metadata__":{"format":"pt"},"a11_uint64":{"dtype":"U64","shape":[],"data_offsets":[0,8]},"t11_uint64":{"dtype":"U64","shape":[2],"data_offsets":[8,24]},"a10_int64":{"dtype":"I64","shape":[],"data_offsets":[24,32]},"t10_int64":{"dtype":"I64","shape":[2],"data_offsets":[32,48]},"a9_float64":{"dtype":"F64","shape":[],"data_offsets":[48,56]},"t9_float64":{"dtype":"F64","shape":[2],"data_offsets":[56,72]},"a8_float32":{"dtype":"F32","shape":[],"data_offsets":[72,76]},"t8_float32":{"dtype":"F32","shape":[2],"data_offsets":[76,84]},"a7_uint32":{"dtype":"U32","shape":[],"data_offsets":[84,88]},"t7_uint32":{"dtype":"U32","shape":[2],"data_offsets":[88,96]},"a6_int32":{"dtype":"I32","shape":[],"data_offsets":[96,100]},"t6_int32":{"dtype":"I32","shape":[2],"data_offsets":[100,108]},"a5_float16":{"dtype":"F16","shape":[],"data_offsets":[108,110]},"t5_float16":{"dtype":"F16","shape":[2],"data_offsets":[110,114]},"a4_uint16":{"dtype":"U16","shape":[],"data_offsets":[114,116]},"t4_uint16":{"dtype":"U16","shape":[2],"data_offsets":[116,120]},"a3_int16":{"dtype":"I16","shape":[],"data_offsets":[120,122]},"t3_int16":{"dtype":"I16","shape":[2],"data_offsets":[122,126]},"a2_int8":{"dtype":"I8","shape":[],"data_offsets":[126,127]},"t2_int8":{"dtype":"I8","shape":[2],"data_offsets":[127,129]},"a1_uint8":{"dtype":"U8","shape":[],"data_offsets":[129,130]},"t1_uint8":{"dtype":"U8","shape":[2],"data_offsets":[130,132]},"a0_bool":{"dtype":"BOOL","shape":[],"data_offsets":[132,133]},"t0_bool":{"dtype":"BOOL","shape":[2],"data_offsets":[133,135]}}    "#
    #expect(layout.header == file(expected, data: 0))
    #expect(expected.utf8.count == 1552)
  }
}
