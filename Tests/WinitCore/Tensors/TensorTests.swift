import Testing
import WinitCore

@Suite struct TensorTests {
  @Test("a shape counts its elements; rank 0 has one, a zero anywhere gives none")
  func counts() throws {
    #expect(try Shape([]).elementCount == 1)
    #expect(try Shape([50257, 768]).elementCount == 38_597_376)
    #expect(try Shape([7, 0, 1 << 40]).elementCount == 0)
  }

  @Test("a shape that cannot be addressed is refused, and so is a negative dimension")
  func refused() {
    #expect(throws: ShapeError.negative(axis: 1, dim: -3)) { try Shape([2, -3]) }
    #expect(throws: ShapeError.self) { try Shape([1 << 40, 1 << 40]) }
    #expect(throws: ShapeError.self) { try Shape([1 << 61]) }
    // A JSON number would not carry it.
    #expect(throws: ShapeError.self) { try Shape([0, 1 << 53 + 1]) }
    #expect(throws: ShapeError.self) { try Shape([0, 1 << 40, 1 << 40]) }
  }

  @Test("coordinates undo the row-major index")
  func coordinates() throws {
    let shape = try Shape([2, 3, 4])
    #expect(shape.coordinates(of: 0) == [0, 0, 0])
    #expect(shape.coordinates(of: 23) == [1, 2, 3])
    #expect(shape.coordinates(of: 17) == [1, 1, 1])
    #expect(try Shape([]).coordinates(of: 0) == [])
  }

  @Test("names are their bytes: two spellings of é are two names, and order is byte order")
  func names() {
    let composed = TensorName("\u{E9}"), decomposed = TensorName("e\u{301}")
    #expect(composed.string == decomposed.string)
    #expect(composed != decomposed)
    #expect(Set([composed, decomposed]).count == 2)
    #expect(decomposed < composed)
    #expect(TensorName("b.10") < TensorName("b.9"))
    #expect(TensorName("Z") < TensorName("a"))
    #expect(TensorName("\u{FFFD}") < TensorName("\u{10000}"))
  }

  @Test("names a registry cannot hold say why")
  func problems() {
    #expect(TensorName("").problem != nil)
    #expect(TensorName("__metadata__").problem != nil)
    #expect(TensorName("a\0b").problem != nil)
    #expect(TensorName("h.0.w").problem == nil)
    #expect(TensorName("a\u{1B}[31m\n\u{202E}é").description == "a\\u{1B}[31m\\u{A}\\u{202E}é")
  }

  @Test(
    "dtypes are read as libraries write them",
    arguments: [
      ("float32", DType.float32), ("F32", .float32), ("BF16", .bfloat16), ("torch.float16", .float16),
      ("I64", .int64), ("bool", .bool), ("half", .float16), ("U8", .uint8),
    ])
  func dtypes(text: String, dtype: DType) {
    #expect(DType(parsing: text) == dtype)
  }

  @Test(
    "dtypes that are not supported are not read as others", arguments: ["F8_E4M3", "float8", "complex64", ""])
  func noDType(text: String) { #expect(DType(parsing: text) == nil) }
}
