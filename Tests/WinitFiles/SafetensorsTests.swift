import Testing
import WinitCore
import WinitFiles
import WinitTestSupport

/// A .safetensors file of a header and so many bytes of data.
private func file(_ header: String, data: Int, length: Int? = nil) -> [UInt8] {
  let text = Array(header.utf8)
  let count = length ?? text.count
  return (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) } + text
    + [UInt8](repeating: 7, count: data)
}

@Suite struct SafetensorsTests {
  @Test("a header is read: names, shapes, dtypes and places, in the header's order")
  func reads() throws {
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

  @Test("a dtype that is not supported is kept by its code, for whoever needs the tensor")
  func unsupported() throws {
    let folder = try TemporaryFolder()
    let header = #"{"w":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]}}"#
    let entry = try SafetensorsHeader(InputFile(try folder.write("x", file(header, data: 4)))).entries[0]
    #expect(entry.dtype == nil)
    #expect(entry.code == "F8_E4M3")
  }

  @Test(
    "what the reference reader refuses is refused, with the reason",
    arguments: [
      ([1, 2, 3], "fewer than the 8"),
      (file("{}", data: 0, length: 200_000_000), "claims 200000000 bytes; the format allows"),
      (file("{}", data: 0, length: 3), "only 2 follow"),
      (file(" {}", data: 0), "does not begin with `{`"),
      (file("{", data: 0), "not valid JSON"),
      (
        file(
          #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#,
          data: 2), "stands twice"
      ),
      (file(#"{"__metadata__":{"k":1}}"#, data: 0), "`k` is not a string"),
      (file(#"{"__metadata__":[]}"#, data: 0), "not an object"),
      (file(#"{"a":{"shape":[1],"data_offsets":[0,1]}}"#, data: 1), "no dtype"),
      (file(#"{"a":{"dtype":"U8","data_offsets":[0,1]}}"#, data: 1), "no shape"),
      (file(#"{"a":{"dtype":"U8","shape":[1.5],"data_offsets":[0,1]}}"#, data: 1), "`1.5` is not an integer"),
      (file(#"{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}"#, data: 1), "cannot be negative"),
      (
        file(#"{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,1]}}"#, data: 1),
        "overflows"
      ),
      (file(#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}}"#, data: 1), "data_offsets"),
      (file(#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#, data: 1), "it was cut short"),
      (file(#"{"a":{"dtype":"U8","shape":[1]}}"#, data: 1), "data_offsets"),
      (
        file(#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,3]}}"#, data: 3),
        "has 4 bytes, but its data_offsets span 3"
      ),
      (
        file(
          #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}"#,
          data: 3), "neither overlap nor leave gaps"
      ),
      (
        file(
          #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}"#,
          data: 3), "neither overlap nor leave gaps"
      ),
      (file(#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, data: 2), "the file at"),
      (file(#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,"x",1]}}"#, data: 1), "not two positions"),
      (file(#"{"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}}"#, data: 1), "`1.0` is not an integer"),
      (file(#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[-0,1]}}"#, data: 1), "`-0` is not an integer"),
      (file(#"{"a":{"dtype":"U8","shape":[1e0],"data_offsets":[0,1]}}"#, data: 1), "`1e0` is not an integer"),
      (
        file(#"{"a":{"dtype":"U8","shape":[0,9007199254740993],"data_offsets":[0,0]}}"#, data: 0),
        "`9007199254740993` is not an integer"
      ),
      (file(#"{"a":{"dtype":"F9","shape":[1],"data_offsets":[0,1]}}"#, data: 1), "no dtype `F9`"),
      (
        file(#"{"a":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,3]}}"#, data: 3),
        "has 4 bytes, but its data_offsets span 3"
      ),
      (file(#"{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}"#, data: 2), "no whole number of bytes"),
    ])
  func refused(bytes: [UInt8], reason: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("bad.safetensors", bytes)
    let error = #expect(throws: FormatError.self) { try SafetensorsHeader(InputFile(path)) }
    #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    #expect(error?.description.hasPrefix(path) == true)
  }

  @Test("the header written is the reference writer's, byte for byte")
  func writes() throws {
    // As safetensors.numpy.save (0.8.0) wrote it for one tensor of each dtype, names in reverse order of dtype.
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
